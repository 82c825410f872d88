from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornado_gateway.domain.errors import (
    GatewayError,
    UpstreamAuthFailed,
    UpstreamFailed,
    UpstreamRateLimited,
    UpstreamRejected,
    UpstreamTimeout,
)
from tornado_gateway.providers.openai.errors import (
    Detail,
    from_document,
    from_reply,
    from_stream,
    read_detail,
    retry_after,
)

BODY = (
    b'{"error":{"message":"Too long.","type":"invalid_request_error",'
    b'"code":"context_length_exceeded","param":"messages"}}'
)


@pytest.mark.parametrize(
    ("status", "kind", "seen"),
    [
        (400, UpstreamRejected, 400),
        (404, UpstreamRejected, 404),
        (413, UpstreamRejected, 413),
        (422, UpstreamRejected, 422),
        (409, UpstreamRejected, 400),
        (418, UpstreamRejected, 400),
        (401, UpstreamAuthFailed, 502),
        (403, UpstreamAuthFailed, 502),
        (429, UpstreamRateLimited, 429),
        (408, UpstreamTimeout, 504),
        (504, UpstreamTimeout, 504),
        (500, UpstreamFailed, 502),
        (503, UpstreamFailed, 502),
        (529, UpstreamFailed, 502),
        (302, UpstreamFailed, 502),
    ],
)
def test_the_table(status: int, kind: type[GatewayError], seen: int) -> None:
    error = from_reply(status, {}, BODY, "p")
    assert type(error) is kind
    assert error.status == seen
    assert (error.code == "context_length_exceeded") == (kind is UpstreamRejected)


def test_a_rejection_is_the_providers_own_words() -> None:
    error = from_reply(400, {}, BODY, "p")
    assert (error.message, error.type, error.param) == ("Too long.", "invalid_request_error", "messages")
    assert from_reply(400, {}, b"<html>", "p").code == "upstream_rejected"


def test_a_refused_key_is_never_shown() -> None:
    body = b'{"error":{"message":"Incorrect API key provided: sk-planted"}}'
    assert "sk-planted" not in from_reply(401, {}, body, "p").message


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b'{"code":"c","error":"text"}', Detail("text", code="c")),
        (b'{"detail":"Unauthorized"}', Detail("Unauthorized")),
        (b'{"detail":[{"loc":["body"]}]}', Detail('[{"loc":["body"]}]')),
        (b'{"message":"flat","code":404}', Detail("flat", code="404")),
        (b'{"error":{"message":"m","code":401}}', Detail("m", code="401")),
        (b'[{"error":{"message":"m"}}]', Detail("m")),
        (b"[]", Detail()),
        (b"7", Detail()),
        (b"", Detail()),
        (b"[" * 100_000, Detail()),
    ],
)
def test_bodies_of_every_shape(body: bytes, detail: Detail) -> None:
    assert read_detail(body) == detail


@given(st.recursive(st.none() | st.text() | st.integers(0, 9), lambda x: st.lists(x) | st.dictionaries(st.text(), x)))
def test_no_body_breaks_the_table(document: object) -> None:
    assert isinstance(from_reply(500, {}, msgspec.json.encode(document), "p"), UpstreamFailed)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "-1"}, None),
        ({}, None),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


def test_retry_after_as_a_date() -> None:
    soon = retry_after({"retry-after": format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)})
    assert soon is not None
    assert 25 < soon <= 30
    assert retry_after({"retry-after": "Mon, 01 Jan 2024 00:00:00 GMT"}) == 0


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"message": "m", "type": "rate_limit_error"}, UpstreamRateLimited),
        ({"message": "m", "code": 429}, UpstreamRateLimited),
        ({"message": "m", "type": "invalid_request_error", "code": "c"}, UpstreamRejected),
        ({"message": "m", "type": "server_error"}, UpstreamFailed),
        ("just a text", UpstreamFailed),
        (None, UpstreamFailed),
    ],
)
def test_errors_inside_a_stream(error: object, kind: type[GatewayError]) -> None:
    assert type(from_stream(error, "p")) is kind


def test_an_empty_account_is_the_operators_matter() -> None:
    error = from_reply(402, {}, b'{"error":{"message":"Insufficient Balance"}}', "p")
    assert isinstance(error, UpstreamAuthFailed)
    assert error.fallback


def test_what_a_vendor_quotes_of_the_provider_behind_it() -> None:
    raw = '{"error":{"message":"prompt is too long"}}'
    body = msgspec.json.encode({"error": {"message": "Provider returned error", "code": 400, "metadata": {"raw": raw}}})
    assert read_detail(body).message == "Provider returned error: prompt is too long"
    plain = msgspec.json.encode({"error": {"message": "no", "metadata": {"raw": "upstream says no"}}})
    assert read_detail(plain).message == "no: upstream says no"
    assert read_detail(b'{"error":{"metadata":{"raw":"alone"}}}').message == "alone"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"error":{"message":"m","code":429}}', UpstreamRateLimited),
        (b'{"error":{"message":"m","code":400}}', UpstreamRejected),
        (b'{"error":"text"}', UpstreamFailed),
        (b'{"message":"flat"}', UpstreamFailed),
        (b'{"choices":[]}', UpstreamFailed),
        (b"[]", UpstreamFailed),
        (b"<html>", UpstreamFailed),
    ],
)
def test_plain_json_where_a_stream_was_asked_for(body: bytes, kind: type[GatewayError]) -> None:
    assert type(from_document(body, "p")) is kind
