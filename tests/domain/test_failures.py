import pytest

from tornado_gateway.domain.errors import (
    CircuitOpen,
    GatewayError,
    InvalidRequest,
    ProviderBusy,
    ProviderNotConfigured,
    UpstreamAuthFailed,
    UpstreamFailed,
    UpstreamRateLimited,
    UpstreamRejected,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from tornado_gateway.domain.failures import kind_of
from tornado_gateway.domain.policies import FALLBACK_KINDS


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (UpstreamUnreachable("x"), "unreachable"),
        (UpstreamTimeout("x"), "timeout"),
        (UpstreamFailed("x"), "server_error"),
        (UpstreamRateLimited("x"), "rate_limited"),
        (UpstreamAuthFailed("x"), "auth_failed"),
        (CircuitOpen("x"), "circuit_open"),
        (ProviderBusy("x"), "circuit_open"),
        (ProviderNotConfigured("x"), "not_configured"),
        (InvalidRequest("x"), None),
    ],
)
def test_kinds(error: GatewayError, kind: str | None) -> None:
    assert kind_of(error) == kind
    assert kind is None or kind in FALLBACK_KINDS


@pytest.mark.parametrize(
    ("status", "code", "message", "kind"),
    [
        (400, "context_length_exceeded", "x", "context_length"),
        (400, None, "This model's maximum context length is 8192 tokens. However, ...", "context_length"),
        (400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum", "context_length"),
        (400, None, "The input token count (1200000) exceeds the maximum number of tokens allowed", "context_length"),
        (413, None, "x", "context_length"),
        (400, "content_filter", "x", "content_filter"),
        (400, None, "The response was filtered due to Azure OpenAI's content management policy", "content_filter"),
        (400, "invalid_value", "temperature: must be below 2", "rejected"),
        (404, "model_not_found", "The model does not exist", "rejected"),
    ],
)
def test_refusals(status: int, code: str | None, message: str, kind: str) -> None:
    assert kind_of(UpstreamRejected(message, status=status, code=code)) == kind
