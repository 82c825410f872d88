import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornado_gateway.domain.exposure import is_loopback


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.8.9.10", "::1", "[::1]", "::ffff:127.0.0.1", "::1%lo"),
        *("localhost", "LocalHost", "localhost.", "api.localhost"),
    ],
)
def test_this_machines_own(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    [
        *("0.0.0.0", "::", "[::]", "10.0.0.1", "192.168.1.2", "169.254.1.1", "::ffff:10.0.0.1", "fe80::1%eth0"),
        *("gateway", "gateway.example", "localhost.example", "notlocalhost", "127.0.0.1.example", "2130706433", ""),
    ],
)
def test_whatever_others_may_reach(host: str) -> None:
    assert not is_loopback(host)


@given(st.text())
def test_any_text_has_an_answer(host: str) -> None:
    assert is_loopback(host) in (True, False)
