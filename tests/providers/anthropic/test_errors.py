from datetime import UTC, datetime

import pytest

from tornado_gateway.domain.errors import (
    GatewayError,
    UpstreamAuthFailed,
    UpstreamFailed,
    UpstreamRateLimited,
    UpstreamRejected,
    UpstreamTimeout,
)
from tornado_gateway.providers.anthropic.errors import from_reply, from_stream, retry_after


def body(kind: str, message: str = "told so") -> bytes:
    return b'{"type":"error","error":{"type":"%s","message":"%s"}}' % (kind.encode(), message.encode())


@pytest.mark.parametrize(
    ("status", "kind", "error", "told"),
    [
        (400, "invalid_request_error", UpstreamRejected, 400),
        (401, "authentication_error", UpstreamAuthFailed, 502),
        (402, "billing_error", UpstreamAuthFailed, 502),
        (403, "permission_error", UpstreamAuthFailed, 502),
        (404, "not_found_error", UpstreamRejected, 404),
        (408, "timeout_error", UpstreamTimeout, 504),
        (413, "request_too_large", UpstreamRejected, 413),
        (418, "invalid_request_error", UpstreamRejected, 400),
        (429, "rate_limit_error", UpstreamRateLimited, 429),
        (500, "api_error", UpstreamFailed, 502),
        (504, "timeout_error", UpstreamTimeout, 504),
        (529, "overloaded_error", UpstreamFailed, 502),
    ],
)
def test_the_status_tells_the_error(status: int, kind: str, error: type[GatewayError], told: int) -> None:
    raised = from_reply(status, {}, body(kind), "claude")
    assert type(raised) is error
    assert raised.status == told


def test_a_refusal_keeps_the_provider_s_words() -> None:
    raised = from_reply(400, {}, body("invalid_request_error", "prompt is too long"), "claude")
    assert (raised.message, raised.type) == ("prompt is too long", "invalid_request_error")
    assert raised.code == "upstream_rejected"


def test_an_account_s_trouble_is_not_told_on() -> None:
    assert "sk-ant" not in from_reply(401, {}, body("authentication_error", "bad key sk-ant-1"), "claude").message


@pytest.mark.parametrize("text", [b"", b"<html>", b"[]", b'{"error":7}', b"[[[["])
def test_a_garbled_body_is_no_traceback(text: bytes) -> None:
    assert from_reply(500, {}, text, "claude").message == "Provider 'claude' failed with status 500."
    assert from_reply(400, {}, text, "claude").status == 400


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("overloaded_error", UpstreamFailed),
        ("api_error", UpstreamFailed),
        ("rate_limit_error", UpstreamRateLimited),
        ("invalid_request_error", UpstreamRejected),
        ("timeout_error", UpstreamTimeout),
        ("permission_error", UpstreamAuthFailed),
        ("something_new", UpstreamFailed),
    ],
)
def test_in_a_stream_the_type_tells_it(kind: str, error: type[GatewayError]) -> None:
    assert type(from_stream({"type": kind, "message": "m"}, "claude")) is error


@pytest.mark.parametrize("error", [None, "text", 7, {}, {"type": None, "message": ["x"]}])
def test_an_odd_error_event_is_a_failure(error: object) -> None:
    assert type(from_stream(error, "claude")) is UpstreamFailed


def test_the_delay_comes_from_the_header_or_from_the_limit_that_is_used_up() -> None:
    now = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)
    resets = {
        "anthropic-ratelimit-requests-remaining": "0",
        "anthropic-ratelimit-requests-reset": "2026-01-01T12:00:05Z",
        "anthropic-ratelimit-tokens-remaining": "0",
        "anthropic-ratelimit-tokens-reset": "2026-01-01T12:00:30Z",
        "anthropic-ratelimit-input-tokens-remaining": "12",
        "anthropic-ratelimit-input-tokens-reset": "2026-01-01T13:00:00Z",
        "anthropic-ratelimit-output-tokens-remaining": "0",
        "anthropic-ratelimit-output-tokens-reset": "soon",
    }
    assert retry_after({"retry-after": "7", **resets}, now) == 7
    assert retry_after(resets, now) == 30
    assert retry_after({}, now) is None
    naive = {
        "anthropic-ratelimit-requests-remaining": "0",
        "anthropic-ratelimit-requests-reset": "2026-01-01T12:00:05",
    }
    assert retry_after(naive, now) is None
