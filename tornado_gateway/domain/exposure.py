"""Whether an address is this machine's own, where nobody else can reach it."""

from ipaddress import IPv6Address, ip_address

_NAMES = ("localhost", "ip6-localhost")


def is_loopback(host: str) -> bool:
    """False for what is no address either, unless it is one of the loopback's names: a name may lead anywhere."""
    name = host.strip("[]").rstrip(".").lower()
    if name in _NAMES or name.endswith(".localhost"):
        return True
    try:
        address = ip_address(name.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped.is_loopback
    return address.is_loopback
