"""What a text that came over the network may not say, though the file itself may: where it reaches into the inside."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from tornado_gateway.admin.scalars import names, scalars
from tornado_gateway.config.problems import Position, Problem
from tornado_gateway.config.source import SECRET_MEMBERS, Path, Source
from tornado_gateway.domain.addresses import is_internal

_CALLED = frozenset({"base_url", "proxy", "jwks_url", "url"})
_OWN = frozenset({"ledger", "state"})
"""Sections whose addresses are databases: inside is where those are, and a restart away."""


def foreign_references(text: str, current: str, name: str) -> Iterator[Problem]:
    """References to what the file in force does not name, but where a secret belongs, which no answer shows.

    Any other value may be told, by an error or as a difference: so could whatever is in the environment, and what is a
    secret where the file names it.
    """
    named = list(scalars(current))
    shown = {each for scalar in named if not _is_hidden(scalar.path) for each in names(scalar.value)}
    known = {each for scalar in named for each in names(scalar.value)}
    for scalar in scalars(text):
        if scalar.path and scalar.path[-1] in SECRET_MEMBERS:
            continue
        for each in sorted(names(scalar.value) - (known if _is_hidden(scalar.path) else shown)):
            line = text.count("\n", 0, scalar.start) + 1
            position = Position(line, scalar.start - text.rfind("\n", 0, scalar.start))
            message = f"the file in force does not refer to {each} here: only keys and tokens may be new references"
            yield Problem(name, position, scalar.path, message)


def _is_hidden(path: Path) -> bool:
    """Whether no answer shows what stands there."""
    return bool(path) and (path[-1] in SECRET_MEMBERS or path[-1] in _CALLED or "headers" in path[:-1])


def internal_addresses(new: Source, old: Source | None) -> Iterator[Problem]:
    """Addresses inside that the file does not have yet: the gateway would reach where whoever wrote them can not."""
    known = {_place(url) for _, url in _addresses(old.value, ())} if old is not None else set()
    for path, url in _addresses(new.value, ()):
        place = _place(url)
        if place is not None and place not in known and is_internal(place[1]):
            message = "is an internal address, which is new to the file: write it there by hand"
            yield new.problem(path, message)


def _addresses(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, dict):
        for name, member in value.items():
            if path or name not in _OWN:
                yield from _addresses(member, (*path, name))
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from _addresses(member, (*path, index))
    elif isinstance(value, str) and path and path[-1] in _CALLED:
        yield path, value


def _place(url: str) -> tuple[str, str, int | None] | None:
    try:
        parts = urlsplit(url.strip())
        return (parts.scheme, parts.hostname, parts.port) if parts.hostname else None
    except ValueError:
        return None
