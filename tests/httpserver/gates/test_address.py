from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine

from tests.serving import chat, serving
from tests.support import ScriptedProvider, context, snapshot, text_answer
from tornado_gateway.domain.quotas import Limits, Quotas
from tornado_gateway.domain.snapshot import ServerPolicy, SnapshotHolder
from tornado_gateway.httpserver.gates.address import AddressGate, caller, name_of

PROXIES = ServerPolicy(trusted_proxies=(ip_network("10.0.0.0/8"), ip_network("fd00::/8")))


def request(remote: str, *forwarded: str) -> HTTPServerRequest:
    headers = HTTPHeaders({"Host": "gateway"})
    for value in forwarded:
        headers.add("X-Forwarded-For", value)
    line = RequestStartLine("POST", "/", "HTTP/1.1")
    made = HTTPServerRequest(headers=headers, connection=None, start_line=line)  # type: ignore[arg-type]
    made.remote_ip = remote
    return made


@pytest.mark.parametrize(
    ("remote", "forwarded", "found"),
    [
        ("203.0.113.7", (), "203.0.113.7"),
        ("203.0.113.7", ("198.51.100.1",), "203.0.113.7"),  # nobody's word but a proxy's
        ("10.0.0.1", (), "10.0.0.1"),
        ("10.0.0.1", ("198.51.100.1",), "198.51.100.1"),
        ("10.0.0.1", ("1.1.1.1, 198.51.100.1",), "198.51.100.1"),  # what the caller wrote before is no proxy's word
        ("10.0.0.1", ("198.51.100.1, 10.0.0.9",), "198.51.100.1"),
        ("10.0.0.1", ("198.51.100.1", "10.0.0.9"), "198.51.100.1"),
        ("10.0.0.1", ("10.0.0.7, 10.0.0.9",), "10.0.0.7"),
        ("10.0.0.1", ("198.51.100.1:4711",), "198.51.100.1"),
        ("10.0.0.1", ("[2001:db8::1]:4711",), "2001:db8::1"),
        ("10.0.0.1", ("unknown",), "10.0.0.1"),
        ("10.0.0.1", ("198.51.100.1, nonsense, 10.0.0.9",), "10.0.0.9"),
        ("10.0.0.1", ("",), "10.0.0.1"),
        ("fd00::1", ("2001:db8::1",), "2001:db8::1"),
        ("10.0.0.1", ("fe80::1%eth0",), "fe80::1%eth0"),
        ("::ffff:10.0.0.1", ("198.51.100.1",), "198.51.100.1"),
    ],
)
def test_the_nearest_address_that_is_no_proxys(remote: str, forwarded: tuple[str, ...], found: str) -> None:
    assert caller(request(remote, *forwarded), PROXIES) == ip_address(found)


def test_a_socket_without_an_address() -> None:
    assert caller(request(""), PROXIES) is None


def test_a_header_without_end_is_not_read_to_its_end() -> None:
    assert caller(request("10.0.0.1", "198.51.100.1" + ", 10.0.0.9" * 5000), PROXIES) == ip_address("10.0.0.9")


def test_a_subscriber_of_ipv6_has_a_network() -> None:
    assert name_of(ip_address("198.51.100.1")) == "198.51.100.1"
    assert name_of(ip_address("2001:db8:0:1:ffff::1")) == "2001:db8:0:1::/64"
    assert name_of(ip_address("fe80::1%eth0")) == "fe80::/64"


@given(st.text(alphabet="0123456789abcdef.:,[] x%", max_size=80))
def test_whatever_a_header_says(text: str) -> None:
    found = caller(request("10.0.0.1", text.strip()), PROXIES)
    assert found is not None
    assert name_of(found)


def test_nothing_is_looked_at_where_no_address_is_limited() -> None:
    asked = request("203.0.113.7")
    made = context()
    for quotas in (None, Quotas(everyone=Limits(1))):
        gate = AddressGate(SnapshotHolder(snapshot(quotas=quotas)))
        assert gate.admit(asked, made) is made
        assert gate.headers(asked, made) == ()
    gate = AddressGate(SnapshotHolder(snapshot(quotas=Quotas(per_address=Limits(1)))))
    assert gate.admit(asked, made) == replace(made, address="203.0.113.7")
    assert gate.admit(request(""), made) is made


async def test_each_address_for_itself() -> None:
    quotas = Quotas(per_address=Limits(requests_per_minute=1))
    policy = ServerPolicy(trusted_proxies=(ip_network("127.0.0.0/8"),))
    script = [text_answer() for _ in range(3)]
    async with serving(ScriptedProvider(script=script), quotas=quotas, server=policy) as served:
        outcomes = []
        for address in ("198.51.100.1", "198.51.100.2", "198.51.100.1"):
            headers = {"X-Forwarded-For": address}
            answer = await served.client.post("/v1/chat/completions", json=chat(), headers=headers)
            outcomes.append(answer.status_code)
        assert outcomes == [200, 200, 429]
        assert "address 198.51.100.1: 1 requests per minute" in answer.json()["error"]["message"]
