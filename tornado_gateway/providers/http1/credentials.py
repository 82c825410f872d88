"""The name and the password that an address holds, as a header.

Wire: RFC 7617, "The 'Basic' Authentication Scheme".
"""

import base64

import httpx


def credentials(header: str, url: httpx.URL) -> bytes:
    """The line of ``header``; empty where ``url`` holds none."""
    if not url.userinfo:
        return b""
    pair = f"{url.username}:{url.password}".encode()
    return b"%b: Basic %b\r\n" % (header.encode(), base64.b64encode(pair))
