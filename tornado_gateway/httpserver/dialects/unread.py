"""Members of a conversation that no translation reads, so that nothing of a request is lost in silence. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

Known = Mapping[str, frozenset[str]]
"""By an entry's ``type`` the members that are read of it; ``""`` is for those that tell none."""


def unread(entries: Any, known: Known, path: str, inner: Mapping[str, Known]) -> tuple[str, ...]:
    """The names of members that hold something and are not ``known``, each once and as ``path.name``; ``inner`` tells
    the same of the entries that a member holds, to any depth. What has a type that is not known is somebody else's to
    judge."""
    return tuple(dict.fromkeys(_found(entries, known, path, inner)))


def _found(entries: Any, known: Known, path: str, inner: Mapping[str, Known]) -> Iterator[str]:
    for entry in entries if isinstance(entries, list) else ():
        if not isinstance(entry, dict):
            continue
        names = known.get(entry.get("type") or "")
        if names is None:
            continue
        for name, value in entry.items():
            if name not in names and value not in _NOTHING:
                yield f"{path}.{name}"
        for name in inner.keys() & entry.keys():
            yield from _found(entry[name], inner[name], f"{path}.{name}[]", inner)


_NOTHING: tuple[object, ...] = (None, "", [], {})
