"""What two files say differently, in short lines. No secret in any of them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, replace
from typing import Any

from tornado_gateway.config.model import Settings


def differences(old: Settings, new: Settings) -> tuple[str, ...]:
    """Providers, routes and prices that came, went or changed; then the other sections that changed."""
    return (
        *_named("provider", _by_name(old.providers), _by_name(new.providers)),
        *_named("route", _by_name(old.routes), _by_name(new.routes)),
        *_prices(old, new),
        *(f"{section} changed" for section in ("server", "cors", "log") if _differs(section, old, new)),
    )


def needs_restart(old: Settings, new: Settings) -> tuple[str, ...]:
    """What is in the new file and not in force until a restart."""
    before, after = old.server, new.server
    fixed = ("host", "port", "workers")
    names = [f"server.{name}" for name in fixed if getattr(before, name) != getattr(after, name)]
    if old.log != new.log:
        names.append("log")
    return tuple(f"{name} needs a restart" for name in names)


def _differs(section: str, old: Settings, new: Settings) -> bool:
    return bool(getattr(old, section) != getattr(new, section))


def _by_name(entries: Iterable[Any]) -> dict[str, Any]:
    return {entry.name: replace(entry, line=None) if hasattr(entry, "line") else entry for entry in entries}


def _named(kind: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for name in [*old, *(name for name in new if name not in old)]:
        if name not in new:
            yield f"{kind} {name} removed"
        elif name not in old:
            yield f"{kind} {name} added"
        elif old[name] != new[name]:
            was, now = old[name], new[name]
            changed = [field.name for field in fields(now) if getattr(was, field.name) != getattr(now, field.name)]
            yield f"{kind} {name}: {', '.join(changed)} changed"


def _prices(old: Settings, new: Settings) -> Iterator[str]:
    before = {price.model: price for price in old.prices}
    after = {price.model: price for price in new.prices}
    for model in [*before, *(model for model in after if model not in before)]:
        if model not in after:
            yield f"price of {model} removed"
        elif model not in before:
            yield f"price of {model} added"
        elif before[model].free != after[model].free:
            yield f"price of {model}: {'now free' if after[model].free else 'no longer free'}"
        else:
            for bucket in dict.fromkeys([*before[model].rates, *after[model].rates]):
                was, now = before[model].rates.get(bucket), after[model].rates.get(bucket)
                if was != now:
                    yield f"price of {model}: {bucket} {was} -> {now}"
