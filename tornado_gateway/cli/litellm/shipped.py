"""The shipped file's price rows, for models that LiteLLM's file serves by a pattern, and so does not name. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

_WHO = ("kind", "vendor")

Row = tuple[str, Any]
"""A model as its provider names it, and its card, or its cards."""


def shipped_rows(shipped: Mapping[str, Any], provider: Mapping[str, Any], pattern: str) -> Iterator[Row]:
    """The rows of ``shipped`` (a gateway.yaml's values) that ``provider`` has for models that fit ``pattern``.

    None where ``provider`` has an address of its own: whoever answers there has prices of its own.
    """
    beginning, address = pattern.partition("*")[0], provider.get("base_url")
    names = {
        name
        for name, entry in shipped["providers"].items()
        if _who(entry) == _who(provider) and address in (None, entry.get("base_url"))
    }
    for row, card in shipped["pricing"]["models"].items():
        name, _, model = row.partition("/")
        if name in names and model.startswith(beginning):
            yield model, card


def _who(entry: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(entry.get(key) for key in _WHO)
