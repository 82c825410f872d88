import json

import pytest

from tornado_gateway.domain.errors import (
    BodyTooLarge,
    BudgetExceeded,
    CircuitOpen,
    GatewayError,
    InternalError,
    InvalidApiKey,
    InvalidRequest,
    MethodNotAllowed,
    ModelNotAllowed,
    ModelNotFound,
    ProviderNotConfigured,
    RateLimitExceeded,
    ShuttingDown,
    UpstreamAuthFailed,
    UpstreamFailed,
    UpstreamRateLimited,
    UpstreamRejected,
    UpstreamTimeout,
)
from tornado_gateway.httpserver.dialects.anthropic_errors import encode_error, error_event


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (InvalidRequest("m"), "invalid_request_error"),
        (MethodNotAllowed("m"), "invalid_request_error"),
        (InvalidApiKey("m"), "authentication_error"),
        (BudgetExceeded("m"), "billing_error"),
        (ModelNotAllowed("m"), "permission_error"),
        (ModelNotFound("m"), "not_found_error"),
        (BodyTooLarge("m"), "request_too_large"),
        (RateLimitExceeded("m"), "rate_limit_error"),
        (UpstreamRateLimited("m"), "rate_limit_error"),
        (UpstreamRejected("m", status=422, type="weird"), "invalid_request_error"),
        (UpstreamRejected("m", status=404), "not_found_error"),
        (UpstreamTimeout("m"), "timeout_error"),
        (UpstreamFailed("m"), "api_error"),
        (UpstreamFailed("m", type="overloaded_error"), "overloaded_error"),
        (UpstreamAuthFailed("m"), "api_error"),
        (InternalError("m"), "api_error"),
        (ProviderNotConfigured("m"), "api_error"),
        (CircuitOpen("m"), "overloaded_error"),
        (ShuttingDown("m"), "overloaded_error"),
    ],
)
def test_an_error_has_a_type_that_anthropic_s_clients_know(error: GatewayError, kind: str) -> None:
    assert json.loads(encode_error(error, "req_1")) == {
        "type": "error",
        "error": {"type": kind, "message": "m"},
        "request_id": "req_1",
    }


def test_in_a_stream_it_is_an_error_event() -> None:
    event = error_event(InternalError("m"), "req_1")
    assert event == b"event: error\ndata: " + encode_error(InternalError("m"), "req_1") + b"\n\n"
