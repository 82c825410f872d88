"""``server.tls`` of a valid document."""

from typing import Any

from tornado_gateway.domain.tls import TlsPolicy


def tls(entry: dict[str, Any] | None) -> TlsPolicy | None:
    """None where the listener speaks plain HTTP."""
    return None if entry is None else TlsPolicy(**entry)
