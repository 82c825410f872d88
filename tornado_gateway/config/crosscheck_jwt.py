"""Crosschecks of ``auth.jwt``."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path as FilePath
from typing import Any
from urllib.parse import urlsplit

import msgspec

from tornado_gateway.config.problems import Problem
from tornado_gateway.config.source import Path, Source
from tornado_gateway.domain.exposure import is_loopback

_PATH: Path = ("auth", "jwt")


def check_jwt(source: Source, entry: dict[str, Any]) -> Iterator[Problem]:
    if find_spec("jwt") is None or find_spec("cryptography") is None:
        yield source.problem(_PATH, "needs PyJWT: pip install 'tornado-gateway[jwt]'", key=True)
    url, file = entry.get("jwks_url"), entry.get("jwks_file")
    if url is not None and file is not None:
        yield source.problem((*_PATH, "jwks_file"), "either jwks_url or jwks_file, not both", key=True)
    elif url is None and file is None:
        yield source.problem(_PATH, "the key 'jwks_url' (or 'jwks_file') is missing", key=True)
    elif isinstance(url, str):
        yield from _address(source, url)
    elif isinstance(file, str):
        yield from _file(source, file)


def _address(source: Source, url: str) -> Iterator[Problem]:
    path: Path = (*_PATH, "jwks_url")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        yield source.problem(path, "is no address: write https://host/path")
        return
    if not host or port == 0:
        yield source.problem(path, "is no address: write https://host/path")
    elif parts.scheme == "http" and not is_loopback(host):
        yield source.warning(path, "who sits on the way can put keys of its own there: write https")


def _file(source: Source, name: str) -> Iterator[Problem]:
    path: Path = (*_PATH, "jwks_file")
    try:
        document = msgspec.json.decode(FilePath(name).read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        why = "holds no JSON" if reason is None else f"can't be read: {reason}"
        yield source.problem(path, f"{name!r} {why}")
        return
    if not isinstance(document, dict) or not isinstance(document.get("keys"), list) or not document["keys"]:
        yield source.problem(path, f"{name!r} is no JSON Web Key Set: it has no list 'keys'")
