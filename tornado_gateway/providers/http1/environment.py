"""The proxy that the environment names, as curl and the official SDKs read it: ``HTTP_PROXY``, ``HTTPS_PROXY`` and
``ALL_PROXY``, in small letters too, but for what ``NO_PROXY`` lists.
"""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.request import getproxies, proxy_bypass

import httpx

from tornado_gateway.providers.http1.ports import port_of


def environments_proxy(url: httpx.URL) -> httpx.URL | None:
    """The proxy on the way to ``url``, None where it is reached without. Raises ``httpx.ProxyError`` for what is no
    address."""
    known = getproxies()
    found = known.get(url.scheme) or known.get("all")
    if not found or _excepted(url, known.get("no", "")):
        return None
    try:
        return httpx.URL(found if "://" in found else f"http://{found}")
    except httpx.InvalidURL as error:
        raise httpx.ProxyError(f"the environment's proxy for {url.scheme} is no address") from error


def _excepted(url: httpx.URL, listed: str) -> bool:
    port = port_of(url)
    try:
        address = ip_address(url.host)
    except ValueError:
        return bool(proxy_bypass(f"{url.host}:{port or 0}"))
    return any(_holds(entry.strip(), address, port) for entry in listed.split(","))


def _holds(entry: str, address: IPv4Address | IPv6Address, port: int | None) -> bool:
    """``*``, an address or a network, perhaps with a port; addresses of version 6 may stand in brackets."""
    if entry == "*":
        return True
    host, _, after = entry.rpartition(":")
    if host and after.isdigit() and (host.startswith("[") or ":" not in host):
        if int(after) != port:
            return False
        entry = host
    try:
        return address in ip_network(entry.strip("[]"), strict=False)
    except ValueError:
        return False
