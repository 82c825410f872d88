"""Crosscheck of ``otel``: a receiver that can be asked, with headers that can be sent to it."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from tornado_gateway.config.outline import Outline
from tornado_gateway.config.problems import Problem
from tornado_gateway.config.source import Path, Source

_HEADER_TEXT = re.compile(r"[\x20-\x7e]*\Z")
_OURS = frozenset({"content-type", "content-length", "content-encoding", "host", "user-agent"})
_SIGNALS = ("/v1/traces", "/v1/metrics")


def check_otel(source: Source, document: Outline) -> Iterator[Problem]:
    """The address and the headers may hold secrets, so that no message shows them."""
    path: Path = ("otel",)
    yield from _endpoint(source, (*path, "endpoint"), document.otel.get("endpoint"))
    headers = document.otel.get("headers")
    for name, value in headers.items() if isinstance(headers, dict) else ():
        if str(name).lower() in _OURS:
            yield source.problem((*path, "headers", name), "is set by the gateway itself", key=True)
        elif isinstance(value, str) and not _HEADER_TEXT.match(value.strip()):
            yield source.problem((*path, "headers", name), "holds a character that no header can carry")
    if document.otel.get("traces") is False:
        for name in ("sample_ratio", "capture_content"):
            if document.otel.get(name):
                yield source.warning((*path, name), "is of no use without traces", key=True)


def _endpoint(source: Source, path: Path, url: object) -> Iterator[Problem]:
    if not isinstance(url, str) or not url.strip():
        return
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        yield source.problem(path, "is no address: write http://host:4318")
        return
    if parts.username is not None:
        yield source.problem(path, "holds a name or password, which is never sent: use headers")
    elif not parts.hostname or port == 0:
        yield source.problem(path, "is no address: write http://host:4318")
    elif parts.path.rstrip("/").endswith(_SIGNALS):
        yield source.problem(path, "leave out /v1/traces: it is the address that all signals begin with")
    elif port == 4317:
        yield source.warning(path, "4317 is the usual port of OTLP over gRPC; over HTTP it is 4318")
