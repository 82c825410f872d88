import pytest

from tornado_gateway.domain.errors import (
    GatewayError,
    UpstreamAuthFailed,
    UpstreamFailed,
    UpstreamRateLimited,
    UpstreamRejected,
    UpstreamTimeout,
)
from tornado_gateway.providers.statuses import Said, by_status


@pytest.mark.parametrize(
    ("status", "kind", "shown"),
    [
        (400, UpstreamRejected, 400),
        (404, UpstreamRejected, 404),
        (409, UpstreamRejected, 400),
        (413, UpstreamRejected, 413),
        (422, UpstreamRejected, 422),
        (401, UpstreamAuthFailed, 502),
        (402, UpstreamAuthFailed, 502),
        (403, UpstreamAuthFailed, 502),
        (408, UpstreamTimeout, 504),
        (429, UpstreamRateLimited, 429),
        (499, UpstreamFailed, 502),
        (500, UpstreamFailed, 502),
        (503, UpstreamFailed, 502),
        (504, UpstreamTimeout, 504),
        (529, UpstreamFailed, 502),
        (302, UpstreamFailed, 502),
    ],
)
def test_the_table(status: int, kind: type[GatewayError], shown: int) -> None:
    error = by_status(status, Said(), "p")
    assert (type(error), error.status) == (kind, shown)
    assert error.message


def test_what_was_said_is_kept_where_it_is_the_callers_to_see() -> None:
    said = Said("text", "kind", "code", "param", 7.0)
    refused = by_status(400, said, "p")
    assert (refused.message, refused.type, refused.code, refused.param) == ("text", "kind", "code", "param")
    assert by_status(429, said, "p").retry_after == by_status(503, said, "p").retry_after == 7.0
    assert "text" in by_status(500, said, "p").message
    assert "text" not in by_status(401, said, "p").message
