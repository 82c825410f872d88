"""Where a server listens whose address does not say it."""

import httpx

PORTS = {"http": 80, "https": 443}


def port_of(url: httpx.URL) -> int | None:
    """What ``url`` says, else its scheme's own; None for a scheme that is neither."""
    return url.port or PORTS.get(url.scheme)
