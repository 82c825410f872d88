"""Which hosts are inside: addresses that a gateway can reach and the outside can not.

Read as a resolver reads them: ``2852039166``, ``0xa9fe.0xa9fe`` and ``::ffff:169.254.169.254`` are one address, in
four forms with the plain one.
"""

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from unicodedata import normalize

_METADATA_NAMES = frozenset({"metadata", "metadata.google.internal", "metadata.goog", "instance-data"})
_METADATA = frozenset(
    ip_address(text)
    for text in ("169.254.169.254", "fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "192.0.0.192", "168.63.129.16")
)
"""Where clouds hand out a machine's credentials: first most of them, then those that have their own."""

_INSIDE_NAMES = (".localhost", ".local", ".internal", ".intranet", ".lan", ".home.arpa")
_SHARED = ip_network("100.64.0.0/10")
_TRANSLATED = IPv6Network("64:ff9b::/96")

_Address = IPv4Address | IPv6Address


def is_metadata(host: str) -> bool:
    """Whether ``host`` is link-local or a cloud's metadata service: no provider is there, but credentials are.

    Names are told by their text alone: what a name leads to is another thing at every look.
    """
    name = _plain(host)
    address = _address(name)
    if address is None:
        return name in _METADATA_NAMES or name.startswith("instance-data.")
    return address.is_link_local or address in _METADATA


def is_internal(host: str) -> bool:
    """Whether ``host`` is this machine, a private network's, or no address of the public internet at all."""
    name = _plain(host)
    address = _address(name)
    if address is None:
        return is_metadata(name) or "." not in name or name.endswith(_INSIDE_NAMES)
    return not address.is_global or address.is_multicast or address in _SHARED or is_metadata(name)


def _plain(host: str) -> str:
    """As a resolver sees it: other scripts' digits and dots are digits and dots to it."""
    name = normalize("NFKC", host).replace("\u3002", ".").casefold().strip("[]").rstrip(".")
    return name.partition("%")[0]


def _address(name: str) -> _Address | None:
    if ":" in name:
        try:
            return _inner(IPv6Address(name))
        except ValueError:
            return None
    try:
        return IPv4Address(socket.inet_aton(name))  # also in hexadecimal, octal, or as one number
    except (OSError, ValueError):
        return None


def _inner(address: IPv6Address) -> _Address:
    """The IPv4 address that one of IPv6 stands for, where it does."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address in _TRANSLATED:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address
