"""What two files say differently, in short lines. No secret in any of them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from typing import Any

from tornado_gateway.config.model import EndpointSettings, ProviderSettings, RouteSettings, Settings
from tornado_gateway.domain.money import PriceCard, Tier
from tornado_gateway.domain.peaks import OffPeak
from tornado_gateway.domain.policies import USUAL_KINDS, Fallback

_HIDDEN = {"base_url", "api_key", "proxy"}
"""Members of a provider that hold a secret, or may, as an address."""


def differences(old: Settings, new: Settings) -> tuple[str, ...]:
    """Providers, routes and prices that came, went or changed; then the members of other sections that changed."""
    return (
        *_named("provider", _by_name(old.providers), _by_name(new.providers), _provider),
        *_named("route", _by_name(old.routes), _by_name(new.routes), _route),
        *_prices(old, new),
        *(line for section in ("server", "cors", "log") for line in _section(section, old, new)),
    )


def needs_restart(old: Settings, new: Settings) -> tuple[str, ...]:
    """What is in the new file and not in force until a restart."""
    before, after = old.server, new.server
    fixed = ("host", "port", "workers", "tls")
    names = [f"server.{name}" for name in fixed if getattr(before, name) != getattr(after, name)]
    if old.log != new.log:
        names.append("log")
    return tuple(f"{name} needs a restart" for name in names)


def _section(section: str, old: Settings, new: Settings) -> Iterator[str]:
    for name, was, now in _changed(getattr(old, section), getattr(new, section)):
        yield f"{section}.{name}: {_text(was)} -> {_text(now)}"


def _changed(old: Any, new: Any) -> Iterator[tuple[str, Any, Any]]:
    for member in fields(new):
        was, now = getattr(old, member.name), getattr(new, member.name)
        if was != now:
            yield member.name, was, now


def _member(name: str, was: Any, now: Any) -> Iterator[str]:
    if name in _HIDDEN:
        yield f"{name} changed"
    elif is_dataclass(was) and is_dataclass(now):
        for inner, before, after in _changed(was, now):
            yield f"{name}.{inner} {_text(before)} -> {_text(after)}"
    else:
        yield f"{name} {_text(was)} -> {_text(now)}"


def _text(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, Fallback):
        return value.route if value.on == USUAL_KINDS else f"{value.route} on {'+'.join(sorted(value.on))}"
    if is_dataclass(value):
        members = ((member.name, getattr(value, member.name)) for member in fields(value))
        return " ".join(f"{name} {_text(member)}" for name, member in members if member is not None)
    if isinstance(value, OffPeak):
        return f"{value.factor} {value.hours} {value.time_zone}"
    if isinstance(value, Tier):
        return f"above {value.above} {' '.join(f'{name} {rate}' for name, rate in value.rates.items())}"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    if isinstance(value, frozenset):
        value = sorted(value)
    if isinstance(value, list | tuple):
        return ",".join(_text(item) for item in value) or "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)


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
        yield f"pricing.allow_unpriced: {_text(old.allow_unpriced)} -> {_text(new.allow_unpriced)}"
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
            yield f"{name} {_text(was)} -> {_text(now)}"
