"""What two files say differently in the sections that need no words of their own: member by member, by its path."""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from tornado_gateway.config.diff_values import members, text
from tornado_gateway.config.model import Settings

_TOLD_ELSEWHERE = frozenset({"providers", "routes", "prices", "allow_unpriced", "auth", "quotas", "webhooks"})
"""What has words of its own."""

_NAMES = ("id", "name")
"""By which the entries of a list are told apart, where they have one."""


def sections(old: Settings, new: Settings) -> Iterator[str]:
    """``server.drain_timeout: 30 -> 5``; a secret is said to have changed and not shown."""
    for section in fields(new):
        if section.name not in _TOLD_ELSEWHERE:
            was, now = getattr(old, section.name), getattr(new, section.name)
            yield from _changed(section.name, was, now, hidden=not section.repr)


def _changed(path: str, was: Any, now: Any, *, hidden: bool) -> Iterator[str]:
    if was == now:
        return
    if hidden:
        yield f"{path} changed"
        return
    known = members(now)
    if known is not None and type(was) is type(now):
        for name, secret in known.items():
            yield from _changed(f"{path}.{name}", getattr(was, name), getattr(now, name), hidden=secret)
        return
    before, after = _entries(was), _entries(now)
    if before is not None and after is not None and (before or after):
        yield from _by_name(path, before, after)
        return
    shown = text(was), text(now)
    yield f"{path} changed" if shown[0] == shown[1] else f"{path}: {shown[0]} -> {shown[1]}"


def _by_name(path: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for name in [*old, *(name for name in new if name not in old)]:
        if name not in new:
            yield f"{path} {name} removed"
        elif name not in old:
            yield f"{path} {name} added"
        else:
            yield from _changed(f"{path} {name}", old[name], new[name], hidden=False)


def _entries(value: Any) -> Mapping[str, Any] | None:
    """A list's entries by the name that each has, a mapping's by its keys; None for anything else."""
    if isinstance(value, Mapping):
        return value
    if not isinstance(value, tuple):
        return None
    for name in _NAMES:
        found = {str(getattr(entry, name)): entry for entry in value if getattr(entry, name, None) is not None}
        if found and len(found) == len(value):
            return found
    return None if value else {}
