"""What two files say differently of who may call, without any hash."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from tornado_gateway.config.model_auth import AuthSettings
from tornado_gateway.domain.keys import GatewayKey
from tornado_gateway.domain.money import decimal_digits
from tornado_gateway.domain.quotas import Budget, Limits

_WORDS: dict[Any, str] = {None: "none", True: "true", False: "false"}


def auth_differences(old: AuthSettings, new: AuthSettings) -> Iterator[str]:
    """Keys that came, went or changed; then the section's other members."""
    before, after = ({key.id: key for key in settings.keys} for settings in (old, new))
    for name in [*before, *(name for name in after if name not in before)]:
        if name not in after:
            yield f"key {name} removed"
        elif name not in before:
            yield f"key {name} added"
        elif before[name] != after[name]:
            yield f"key {name}: {', '.join(_key(before[name], after[name]))}"
    for name in ("required", "store", "metrics"):
        was, now = getattr(old, name), getattr(new, name)
        if was != now:
            yield f"auth.{name}: {_required(was)} -> {_required(now)}"
    if old.jwt != new.jwt:
        yield f"auth.jwt {_came(old.jwt, new.jwt)}"


def _required(value: bool | None) -> str:
    return "auto" if value is None else _WORDS[value]


def _came(was: object, now: object) -> str:
    if was is None:
        return "added"
    return "removed" if now is None else "changed"


def _key(old: GatewayKey, new: GatewayKey) -> Iterator[str]:
    if old.sha256 != new.sha256:
        yield "sha256 changed"
    members = [(name, getattr(old, name), getattr(new, name)) for name in ("owner", "expires", "disabled")]
    members.append(("models", _models(old), _models(new)))
    for name in ("tags", "limits", "budget"):
        members.append((name, getattr(old.principal, name), getattr(new.principal, name)))
    for name, was, now in members:
        if was != now:
            yield f"{name} {_text(was)} -> {_text(now)}"


def _models(key: GatewayKey) -> tuple[str, ...]:
    return ("all",) if key.principal.models is None else key.principal.models


def _text(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return _WORDS[value]
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    if isinstance(value, Budget):
        return f"{decimal_digits(value.amount)}/{value.period} {value.time_zone}"
    if isinstance(value, Limits):
        said = msgspec.structs.asdict(value).items()
        return " ".join(f"{name} {count}" for name, count in said if count is not None)
    if isinstance(value, dict):
        return " ".join(f"{name}={text}" for name, text in value.items()) or "none"
    return ",".join(value) or "none" if isinstance(value, tuple) else str(value)
