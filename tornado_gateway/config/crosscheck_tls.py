"""Crosschecks of ``server.tls``: files that can be read and fit each other."""

import ssl
from collections.abc import Iterator
from pathlib import Path as FilePath

from tornado_gateway.config.outline import Outline
from tornado_gateway.config.problems import Problem
from tornado_gateway.config.source import Path, Source
from tornado_gateway.domain.tls import KeyLocked, TlsPolicy, server_context

_TLS: Path = ("server", "tls")


def check_tls(source: Source, document: Outline) -> Iterator[Problem]:
    tls = document.server.get("tls")
    if not isinstance(tls, dict):
        return
    found = [problem for name in ("cert_file", "key_file", "client_ca_file") for problem in _file(source, tls, name)]
    yield from found
    cert, key = tls.get("cert_file"), tls.get("key_file")
    if found or not isinstance(cert, str) or not isinstance(key, str):
        return
    try:
        server_context(TlsPolicy(cert, key))
    except KeyLocked:
        yield source.problem((*_TLS, "key_file"), "wants a passphrase: store the key without one")
    except ssl.SSLError as error:
        fits = "is no key of the certificate in cert_file" if "MISMATCH" in (error.reason or "") else None
        yield source.problem((*_TLS, "key_file"), fits or "holds no private key: write a PEM file")


def _file(source: Source, tls: dict[str, object], name: str) -> Iterator[Problem]:
    """Whether it can be read, and holds certificates where it is for them."""
    file = tls.get(name)
    if not isinstance(file, str):
        return
    try:
        content = FilePath(file).read_bytes()
        if name != "key_file":
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=content.decode("ascii"))
    except (ssl.SSLError, ValueError):
        yield source.problem((*_TLS, name), f"{file!r} holds no certificates: write a PEM file")
    except OSError as error:
        yield source.problem((*_TLS, name), f"{file!r} can't be read: {error.strerror}")
