import logging
import threading
import time

import pytest

from tests.otlp import receiving
from tornado_gateway.observability.otlp_client import OtlpClient


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


class Impatient(OtlpClient):
    """Notes how long it would wait."""

    def __init__(self, url: str, timeout: float = 5.0) -> None:
        super().__init__(url, {"authorization": "Bearer planted"}, timeout)
        self.waits: list[float] = []
        self.closing.wait = self.wait  # type: ignore[method-assign, assignment]

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        return False


def test_a_post() -> None:
    with receiving() as receiver:
        receiver.body = b"taken"
        client = OtlpClient(receiver.url, {"authorization": "Bearer planted"}, 5.0)
        assert client.post("/v1/traces", b"") == b"taken"
        (headers,) = receiver.headers
    assert (headers["authorization"], headers["content-type"]) == ("Bearer planted", "application/x-protobuf")


def test_what_may_help_is_tried_again_and_no_credential_is_ever_logged(caplog: pytest.LogCaptureFixture) -> None:
    with receiving() as receiver, caplog.at_level(logging.WARNING):
        receiver.status = 503
        client = Impatient(receiver.url)
        assert client.post("/v1/traces", b"") is None
        assert (receiver.posts, client.waits) == (3, [1.0, 2.0])
        receiver.answer_headers = {"Retry-After": "3600"}
        assert client.post("/v1/traces", b"") is None
        assert client.waits[2:] == [10.0, 10.0], "as long as it is asked to, within a bound"
    (line,) = [record.getMessage() for record in caplog.records]
    assert line == "otel: /v1/traces was not taken by the receiver (status 503), 1 exports lost so far"


@pytest.mark.parametrize("status", [400, 401, 404, 302])
def test_what_will_not_help_is_not(status: int) -> None:
    with receiving() as receiver, receiving() as elsewhere:
        receiver.status = status
        receiver.answer_headers = {"Location": elsewhere.url}
        client = Impatient(receiver.url)
        assert client.post("/v1/metrics", b"") is None
        assert (receiver.posts, client.waits, elsewhere.posts) == (1, [], 0)


def test_nobody_there() -> None:
    with receiving() as receiver:
        url = receiver.url
    client = Impatient(url)
    assert client.post("/v1/traces", b"") is None
    assert client.waits == [1.0, 2.0]
    assert Impatient("http://" + "x" * 64 + ".example").post("/v1/traces", b"") is None, "no name of a host"


def test_one_who_is_silent() -> None:
    with receiving() as receiver:
        receiver.hold = threading.Event()
        client = Impatient(receiver.url, timeout=0.05)
        assert client.post("/v1/traces", b"") is None
        assert client.waits == [1.0, 2.0]
        receiver.hold.set()


def test_the_end_does_not_wait_for_another_try() -> None:
    with receiving() as receiver:
        receiver.status = 503
        client = OtlpClient(receiver.url, {}, 5.0)
        client.closing.set()
        began = time.monotonic()
        assert client.post("/v1/traces", b"") is None
        assert receiver.posts == 1
    assert time.monotonic() - began < 2
