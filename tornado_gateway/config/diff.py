"""What two files say differently, in short lines. No secret in any of them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from tornado_gateway.config.diff_auth import auth_differences
from tornado_gateway.config.diff_quotas import quotas_changed
from tornado_gateway.config.diff_sections import sections
from tornado_gateway.config.diff_values import HIDDEN, members, text
from tornado_gateway.config.model import EndpointSettings, ProviderSettings, RouteSettings, Settings
from tornado_gateway.domain.money import PriceCard


def differences(old: Settings, new: Settings) -> tuple[str, ...]:
    """Providers, routes and prices that came, went or changed; then the members of other sections that changed."""
    return (
        *_named("provider", _by_name(old.providers), _by_name(new.providers), _provider),
        *_named("route", _by_name(old.routes), _by_name(new.routes), _route),
        *_prices(old, new),
        *auth_differences(old.auth, new.auth),
        *quotas_changed(old.quotas, new.quotas),
        *(["webhooks changed"] if old.webhooks != new.webhooks else ()),
        *sections(old, new),
    )


def needs_restart(old: Settings, new: Settings) -> tuple[str, ...]:
    """What is in the new file and not in force until a restart."""
    before, after = old.server, new.server
    fixed = ("host", "port", "workers", "tls")
    names = [f"server.{name}" for name in fixed if getattr(before, name) != getattr(after, name)]
    sections = ("log", "ledger", "state", "otel")
    names += [section for section in sections if getattr(old, section) != getattr(new, section)]
    return tuple(f"{name} needs a restart" for name in names)


def _changed(old: Any, new: Any) -> Iterator[tuple[str, Any, Any]]:
    for member in fields(new):
        was, now = getattr(old, member.name), getattr(new, member.name)
        if was != now:
            yield member.name, was, now


def _member(name: str, was: Any, now: Any) -> Iterator[str]:
    known = members(now)
    if name in HIDDEN:
        yield f"{name} changed"
    elif known is not None and type(was) is type(now):
        for inner in known:
            before, after = getattr(was, inner), getattr(now, inner)
            if before != after:
                yield f"{name}.{inner} {text(before)} -> {text(after)}"
    else:
        yield f"{name} {text(was)} -> {text(now)}"


def _by_name(entries: Iterable[Any]) -> dict[str, Any]:
    return {entry.name: replace(entry, line=None) if hasattr(entry, "line") else entry for entry in entries}


def _named(kind: str, old: Mapping[str, Any], new: Mapping[str, Any], describe: Any) -> Iterator[str]:
    for name in [*old, *(name for name in new if name not in old)]:
        if name not in new:
            yield f"{kind} {name} removed"
        elif name not in old:
            yield f"{kind} {name} added"
        elif old[name] != new[name]:
            yield f"{kind} {name}: {', '.join(describe(old[name], new[name]))}"


def _provider(old: ProviderSettings, new: ProviderSettings) -> Iterator[str]:
    for name, was, now in _changed(old, new):
        if name == "options":
            keys = dict.fromkeys([*was, *now])
            yield from (f"{key} changed" for key in keys if was.get(key) != now.get(key))
        elif name == "endpoints":
            yield from _endpoints(was, now)
        else:
            yield from _member(name, was, now)


def _endpoints(old: tuple[EndpointSettings, ...], new: tuple[EndpointSettings, ...]) -> Iterator[str]:
    if len(old) != len(new):
        yield f"endpoints {len(old)} -> {len(new)}"
        return
    for index, (before, after) in enumerate(zip(old, new, strict=True)):
        place = f"endpoints[{index}]." if len(new) > 1 else ""
        for change in _changed(before, after):
            yield from (place + line for line in _member(*change))


def _route(old: RouteSettings, new: RouteSettings) -> Iterator[str]:
    for name, was, now in _changed(old, new):
        if name == "targets":
            yield f"targets {_targets(old)} -> {_targets(new)}"
        else:
            yield from _member(name, was, now)


def _targets(route: RouteSettings) -> str:
    return ",".join(
        f"{target.provider}/{target.model or route.name}" + (f" x{target.weight}" if target.weight != 1 else "")
        for target in route.targets
    )


def _prices(old: Settings, new: Settings) -> Iterator[str]:
    if old.allow_unpriced != new.allow_unpriced:
        yield f"pricing.allow_unpriced: {text(old.allow_unpriced)} -> {text(new.allow_unpriced)}"
    before, after = _rows(old), _rows(new)
    for model in [*before, *(model for model in after if model not in before)]:
        if model not in after:
            yield f"price of {model} removed"
        elif model not in before:
            yield f"price of {model} added"
        else:
            yield from (f"price of {model}{line}" for line in _row(before[model], after[model]))


def _rows(settings: Settings) -> dict[str, dict[datetime | None, PriceCard]]:
    """The cards of each row by the moment from which they hold."""
    rows: dict[str, dict[datetime | None, PriceCard]] = {}
    for card in settings.prices:
        rows.setdefault(card.model, {})[card.valid_from] = card
    return rows


def _row(old: Mapping[datetime | None, PriceCard], new: Mapping[datetime | None, PriceCard]) -> Iterator[str]:
    if len(old) == len(new) == 1:
        yield from (f": {line}" for line in _card(*old.values(), *new.values()))
        return
    for begin in [*old, *(begin for begin in new if begin not in old)]:
        since = "" if begin is None else f" from {begin:%Y-%m-%d %H:%M} UTC"
        if begin not in new:
            yield f"{since} removed"
        elif begin not in old:
            yield f"{since} added"
        else:
            yield from (f"{since}: {line}" for line in _card(old[begin], new[begin]))


def _card(old: PriceCard, new: PriceCard) -> Iterator[str]:
    for name in PriceCard.__struct_fields__:
        was, now = getattr(old, name), getattr(new, name)
        if was == now or name == "line":
            continue
        if name == "free":
            yield "now free" if now else "no longer free"
        elif not (name in ("input", "output") and old.free != new.free):
            yield f"{name} {text(was)} -> {text(now)}"
