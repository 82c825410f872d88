"""Crosschecks of ``providers``: each against its kind."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from tornado_gateway.config.kinds import KINDS
from tornado_gateway.config.outline import Outline
from tornado_gateway.config.problems import Problem
from tornado_gateway.config.source import Path, Source

_HEADER_TEXT = re.compile(r"[\x21-\x7e]*\Z")


def check_providers(source: Source, document: Outline) -> Iterator[Problem]:
    used = {target.provider for route in document.table for target in route.targets}
    for name, provider in document.providers.items():
        path: Path = ("providers", name)
        if name not in used:
            yield source.warning(path, "no route uses this provider", key=True)
        if isinstance(provider, dict):
            yield from _against_kind(source, path, provider)
            yield from _address(source, path, provider.get("base_url"))
            yield from _key(source, path, provider.get("api_key"))


def _against_kind(source: Source, path: Path, provider: dict[str, Any]) -> Iterator[Problem]:
    name = provider.get("kind")
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        return
    others = frozenset[str]().union(*(kind.keys for kind in KINDS.values())) - kind.keys
    for key in provider:
        if key in others:
            yield source.problem((*path, key), f"a provider of kind {name} has no such key", key=True)
    if kind.place and not any(provider.get(key) for key in kind.place):
        yield source.problem(path, f"kind {name} needs a {' or a '.join(kind.place)}", key=True)


def _address(source: Source, path: Path, url: Any) -> Iterator[Problem]:
    """What the schema's pattern lets through. The address may hold a password, so that no message shows it."""
    if not isinstance(url, str):
        return
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        yield source.problem((*path, "base_url"), f"is no address: {_reason(error)}")
        return
    if parts.username is not None:
        yield source.problem((*path, "base_url"), "holds a name or password, which is never sent: use api_key")
    elif not parts.hostname or port == 0:
        yield source.problem((*path, "base_url"), "is no address: write https://host/path or https://host:port/path")


def _reason(error: ValueError) -> str:
    text = str(error)
    if text.startswith("Port out of range"):
        return "a port is 1 to 65535"
    return "a port is a number" if text.startswith("Port") else "its host is malformed"


def _key(source: Source, path: Path, key: Any) -> Iterator[Problem]:
    if isinstance(key, str) and not _HEADER_TEXT.match(key.strip()):
        yield source.problem(
            (*path, "api_key"), "holds a character that no header can carry: a blank inside, or no ASCII"
        )
