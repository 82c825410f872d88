"""Crosschecks of ``providers``: each against its kind."""

import re
import ssl
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import idna

from tornado_gateway.config.crosscheck_destinations import check_destination
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
            for place, entry in [(path, provider), *_listed(path, provider)]:
                yield from _address(source, (*place, "base_url"), entry.get("base_url"), "use api_key")
                if provider.get("allow_internal") is not True:
                    yield from check_destination(source, (*place, "base_url"), entry.get("base_url"))
                yield from _key(source, place, entry.get("api_key"))
            yield from _twice(source, path, provider)
            yield from _on_the_way(source, path, provider)


def _listed(path: Path, provider: dict[str, Any]) -> list[tuple[Path, dict[str, Any]]]:
    endpoints = provider.get("endpoints")
    entries = enumerate(endpoints) if isinstance(endpoints, list) else ()
    return [((*path, "endpoints", index), entry) for index, entry in entries if isinstance(entry, dict)]


def _twice(source: Source, path: Path, provider: dict[str, Any]) -> Iterator[Problem]:
    seen: set[tuple[str, str]] = set()
    for place, entry in _listed(path, provider):
        said = {**provider, **entry}
        url, key = str(said.get("base_url", "")).rstrip("/"), str(said.get("api_key", "")).strip()
        if "api_key" in said and not key:
            continue  # left out: its variable is not set
        if (url, key) in seen:
            yield source.problem(place, "the same address and key twice: raise its weight instead")
        seen.add((url, key))


def _on_the_way(source: Source, path: Path, provider: dict[str, Any]) -> Iterator[Problem]:
    proxy, file = provider.get("proxy"), provider.get("ca_file")
    if proxy:
        yield from _address(source, (*path, "proxy"), proxy, None)
    if isinstance(file, str) and file:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(file)
        except ssl.SSLError:
            yield source.problem((*path, "ca_file"), f"{file!r} holds no certificates: write a PEM file")
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "no name of a file"
            yield source.problem((*path, "ca_file"), f"{file!r} can't be read: {reason}")


def _against_kind(source: Source, path: Path, provider: dict[str, Any]) -> Iterator[Problem]:
    name = provider.get("kind")
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        return
    others = frozenset[str]().union(*(kind.keys for kind in KINDS.values())) - kind.keys
    for key in provider:
        if key in others:
            yield source.problem((*path, key), f"a provider of kind {name} has no such key", key=True)
    unread = {problem.path for problem in source.problems}
    if kind.place and not any(provider.get(key) or (*path, key) in unread for key in kind.place):
        needs = f"kind {name} needs a {' or a '.join(kind.place)}"
        listed = _listed(path, provider)
        for place, entry in listed:
            if not entry.get("base_url") and (*place, "base_url") not in unread:
                yield source.problem(place, f"{needs}: say it here or at the provider")
        if not listed:
            yield source.problem(path, needs, key=True)


def _address(source: Source, path: Path, url: Any, instead: str | None) -> Iterator[Problem]:
    """What the schema's pattern lets through. The address may hold a password, so that no message shows it.

    ``instead`` is what to use rather than a name and password in it; None where they have their place there.
    """
    if not isinstance(url, str):
        return
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        yield source.problem(path, f"is no address: {_reason(error)}")
        return
    if parts.username is not None and instead is not None:
        yield source.problem(path, f"holds a name or password, which is never sent: {instead}")
    elif not parts.hostname or port == 0:
        yield source.problem(path, "is no address: write https://host/path or https://host:port/path")
    elif not _can_be_named(parts.hostname):
        yield source.problem(path, "is no address: its host can be no name (IDNA)")


def _can_be_named(host: str) -> bool:
    """As whoever calls it will read it: one that is no name ends the start."""
    try:
        if not host.isascii():
            idna.encode(host)
        elif host.startswith("xn--"):
            idna.decode(host)
    except UnicodeError:
        return False
    return True


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
