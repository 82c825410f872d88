"""The kinds of provider that a file may name: one row each, beside its value in the schema."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_ANY = frozenset({"breaker", "max_concurrency", "queue"})
_UPSTREAM = _ANY | {
    "base_url",
    "api_key",
    "endpoints",
    "timeout",
    "timeouts",
    "max_retries",
    "health",
    "allow_internal",
    "ca_file",
    "proxy",
}


@dataclass(frozen=True, slots=True)
class Kind:
    """``keys`` are the members a provider of this kind may have besides ``kind``.

    ``place`` are the members of which one must say where it is; empty where it has an address of its own.
    """

    keys: frozenset[str]
    needs_key: bool = True
    place: tuple[str, ...] = ()


KINDS: Final[Mapping[str, Kind]] = {
    "echo": Kind(_ANY | {"pause"}, needs_key=False),
    "openai": Kind(_UPSTREAM),
    "anthropic": Kind(_UPSTREAM | {"version"}),
    "gemini": Kind(_UPSTREAM),
    "azure_openai": Kind(_UPSTREAM | {"api_version"}, place=("base_url",)),
    "openai_compatible": Kind(_UPSTREAM | {"vendor"}, needs_key=False, place=("base_url", "vendor")),
}
