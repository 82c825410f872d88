from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornado_gateway.domain.addresses import is_internal, is_metadata

METADATA = [
    "169.254.169.254",
    "169.254.170.2",
    "2852039166",
    "0xA9FEA9FE",
    "0xa9.0xfe.43518",
    "0251.0376.0251.0376",
    "169.254.43518",
    "169.254.169.254.",
    "169\u3002254\u3002169\u3002254",
    "\uff11\uff16\uff19.254.169.254",
    "::ffff:169.254.169.254",
    "[::ffff:a9fe:a9fe]",
    "64:ff9b::169.254.169.254",
    "2002:a9fe:a9fe::1",
    "fe80::1%25eth0",
    "fd00:ec2::254",
    "FD00:0EC2:0:0:0:0:0:0254",
    "fd20:ce::254",
    "100.100.100.200",
    "168.63.129.16",
    "metadata.google.internal",
    "METADATA.google.internal.",
    "metadata",
    "instance-data.ec2.internal",
]
PRIVATE = [
    *("127.0.0.1", "127.1", "0", "0.0.0.0", "::1", "::", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1"),
    *("fd12::1", "::ffff:10.0.0.1", "224.0.0.1", "ff02::1", "255.255.255.255", "240.0.0.1", "192.0.2.1"),
    *("localhost", "LOCALHOST.", "a.localhost", "vllm", "ollama.local", "db.internal", "nas.lan", "x.home.arpa"),
]
PUBLIC = [
    *("api.openai.com", "api.anthropic.com", "8.8.8.8", "1.1", "2606:4700::1111", "64:ff9b::8.8.8.8", "localhost.com"),
    *(
        "metadata.example.com",
        "169.254.169.254.example.com",
        "internal.example.com",
        "mylocal.example",
        "fe80.example.com",
    ),
]


@pytest.mark.parametrize("host", METADATA)
def test_where_credentials_are_handed_out(host: str) -> None:
    assert is_metadata(host)
    assert is_internal(host)


@pytest.mark.parametrize("host", PRIVATE)
def test_other_addresses_of_the_inside(host: str) -> None:
    assert is_internal(host)
    assert not is_metadata(host)


@pytest.mark.parametrize("host", PUBLIC)
def test_addresses_of_the_outside(host: str) -> None:
    assert not is_internal(host)
    assert not is_metadata(host)


@given(st.ip_addresses(v=4))
def test_every_form_of_an_address_is_the_same_one(address: IPv4Address) -> None:
    one, two, *rest = address.packed
    forms = [
        str(int(address)),
        hex(int(address)),
        f"{one:#o}".replace("0o", "0") + f".{two:#x}.{rest[0]}.{rest[1]}",
        f"::ffff:{address}",
        f"64:ff9b::{address}",
    ]
    for form in forms:
        assert (is_metadata(form), is_internal(form)) == (is_metadata(str(address)), is_internal(str(address)))


@given(st.text(max_size=30) | st.ip_addresses(v=6).map(IPv6Address.__str__))
def test_whatever_is_asked_is_answered(host: str) -> None:
    assert is_internal(host) or not is_metadata(host)
