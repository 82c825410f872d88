import json
from typing import Any

import pytest

from tornado_gateway.domain.errors import (
    GatewayError,
    UpstreamAuthFailed,
    UpstreamFailed,
    UpstreamRateLimited,
    UpstreamRejected,
    UpstreamTimeout,
)
from tornado_gateway.providers.gemini.errors import from_reply, from_stream, read_detail


def body(**members: Any) -> bytes:
    return json.dumps({"error": members}).encode()


@pytest.mark.parametrize(
    ("status", "kind", "told"),
    [
        (400, UpstreamRejected, 400),
        (401, UpstreamAuthFailed, 502),
        (402, UpstreamAuthFailed, 502),
        (403, UpstreamAuthFailed, 502),
        (404, UpstreamRejected, 404),
        (408, UpstreamTimeout, 504),
        (409, UpstreamRejected, 400),
        (413, UpstreamRejected, 413),
        (429, UpstreamRateLimited, 429),
        (499, UpstreamFailed, 502),
        (500, UpstreamFailed, 502),
        (503, UpstreamFailed, 502),
        (504, UpstreamTimeout, 504),
        (302, UpstreamFailed, 502),
    ],
)
def test_the_table(status: int, kind: type[GatewayError], told: int) -> None:
    error = from_reply(status, {}, body(code=status, message="words", status="SOME_NAME"), "g")
    assert type(error) is kind
    assert error.status == told
    for garbled in (b"", b"<html>", b"[]", b"[1]", b'"x"', b'{"error":null}', b"[" * 100_000):
        assert type(from_reply(status, {}, garbled, "g")) is kind


def test_what_was_said_of_the_request_is_the_caller_s_to_read() -> None:
    error = from_reply(404, {}, body(code=404, message="no such model", status="NOT_FOUND"), "g")
    assert (error.message, error.code) == ("no such model", "NOT_FOUND")
    listed = from_reply(400, {}, b'[{"error":{"message":"bad","status":"INVALID_ARGUMENT"}}]', "g")
    assert (listed.message, listed.code) == ("bad", "INVALID_ARGUMENT")
    assert from_reply(400, {}, b'{"error":"plain"}', "g").message == "plain"


def test_a_bad_key_is_the_operator_s_matter_though_it_comes_as_400() -> None:
    info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
    error = from_reply(400, {}, body(code=400, message="API key not valid: AIza", details=[info]), "g")
    assert type(error) is UpstreamAuthFailed
    assert "AIza" not in error.message


@pytest.mark.parametrize(
    ("delay", "seconds"),
    [("17s", 17.0), ("48.939935699s", 48.939935699), ("0s", 0.0), ("x", None), (".5s", None), ("1.s", None), (3, None)],
)
def test_how_long_to_wait_stands_in_the_body(delay: Any, seconds: float | None) -> None:
    details = ["odd", {"@type": "type.googleapis.com/google.rpc.Help"}, {"retryDelay": delay}]
    error = from_reply(429, {}, body(message="quota", details=details), "g")
    assert error.retry_after == seconds


def test_a_header_tells_it_where_the_body_does_not() -> None:
    assert from_reply(503, {"retry-after": "3"}, body(message="busy"), "g").retry_after == 3
    assert from_reply(429, {"retry-after": "3"}, body(details=[{"retryDelay": "9s"}]), "g").retry_after == 9
    assert read_detail(body(details={"no": "list"})).delay is None


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"code": 503, "status": "UNAVAILABLE", "message": "overloaded"}, UpstreamFailed),
        ({"code": 429, "status": "RESOURCE_EXHAUSTED"}, UpstreamRateLimited),
        ({"status": "RESOURCE_EXHAUSTED"}, UpstreamRateLimited),
        ({"status": "INVALID_ARGUMENT", "message": "bad"}, UpstreamRejected),
        ({"status": "DEADLINE_EXCEEDED"}, UpstreamTimeout),
        ({"status": "PERMISSION_DENIED"}, UpstreamAuthFailed),
        ({"code": 3, "message": "a number of grpc's"}, UpstreamFailed),
        ({}, UpstreamFailed),
        ("words", UpstreamFailed),
        (7, UpstreamFailed),
    ],
)
def test_an_error_in_a_stream(error: Any, kind: type[GatewayError]) -> None:
    assert type(from_stream(error, "g")) is kind
