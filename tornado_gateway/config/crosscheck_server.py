"""Crosschecks of ``cors``: what browsers would never match."""

import re
from collections.abc import Iterator

from tornado_gateway.config.outline import Outline
from tornado_gateway.config.problems import Problem
from tornado_gateway.config.source import Source

_ORIGIN = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s/?#@*]+\Z")
_DEFAULT_PORT = re.compile(r"(?P<origin>http://.*):80\Z|(?P<secure>https://.*):443\Z")


def check_cors(source: Source, document: Outline) -> Iterator[Problem]:
    origins = document.cors.get("allowed_origins")
    if not isinstance(origins, list):
        return
    for index, origin in enumerate(origins):
        complaint = _complaint(origin, alone=len(origins) == 1) if isinstance(origin, str) and origin else None
        if complaint is not None:
            yield source.problem(("cors", "allowed_origins", index), complaint)


def _complaint(origin: str, *, alone: bool) -> str | None:
    if origin == "*":
        return None if alone else "* stands alone: beside it, other origins mean nothing"
    if origin == "null":
        return None
    if not _ORIGIN.match(origin):
        return f"{origin!r} is no origin: write https://host or https://host:port"
    # What follows is compared with what browsers send, letter by letter: it would never match.
    if origin != origin.lower():
        return f"browsers send origins in lower case: write {origin.lower()!r}"
    default = _DEFAULT_PORT.match(origin)
    if default is not None:
        return f"browsers leave the default port out: write {default['origin'] or default['secure']!r}"
    return None
