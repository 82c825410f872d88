"""Where the caller is, for limits by address."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from msgspec.structs import replace
from tornado.httputil import HTTPServerRequest

from tornado_gateway.domain.context import RequestContext
from tornado_gateway.domain.snapshot import ServerPolicy, SnapshotHolder
from tornado_gateway.httpserver.gates.base import Headers

_NETWORK_BITS = 64
"""What one subscriber of IPv6 has: any of its addresses is as good as another."""

_MOST = 32
"""Entries of ``X-Forwarded-For`` that are looked at, the nearest first."""

Address = IPv4Address | IPv6Address


class AddressGate:
    """Believes ``X-Forwarded-For`` from ``server.trusted_proxies`` alone; does nothing where no address is limited."""

    def __init__(self, snapshots: SnapshotHolder) -> None:
        self._snapshots = snapshots

    def headers(self, request: HTTPServerRequest, context: RequestContext) -> Headers:
        return ()

    def admit(self, request: HTTPServerRequest, context: RequestContext) -> RequestContext:
        quotas = self._snapshots.current.quotas
        if quotas is None or quotas.per_address is None:
            return context
        found = caller(request, self._snapshots.current.server)
        return context if found is None else replace(context, address=name_of(found))


def caller(request: HTTPServerRequest, policy: ServerPolicy) -> Address | None:
    """The nearest address that is no trusted proxy's; None where there is none, on a Unix socket."""
    found = _parsed(request.remote_ip or "")
    if found is None or not _trusted(found, policy):
        return found
    forwarded = ",".join(request.headers.get_list("X-Forwarded-For")).split(",")
    for entry in reversed(forwarded[-_MOST:]):
        further = _parsed(entry.strip())
        if further is None:
            return found  # nonsense, or nothing: whoever wrote it is as far as anybody knows
        found = further
        if not _trusted(found, policy):
            return found
    return found


def name_of(address: Address) -> str:
    """What addresses are counted by."""
    if isinstance(address, IPv4Address):
        return str(address)
    return str(IPv6Network((address, _NETWORK_BITS), strict=False))


def _parsed(text: str) -> Address | None:
    """Some proxies write a port behind it."""
    host = text
    if text.startswith("["):
        host = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        host = text.partition(":")[0]
    try:
        address = ip_address(host)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _trusted(address: Address, policy: ServerPolicy) -> bool:
    return any(address in network for network in policy.trusted_proxies)
