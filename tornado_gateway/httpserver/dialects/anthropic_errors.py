"""Errors in the Anthropic form.

Wire: Anthropic API reference, "Errors": ``{"type": "error", "error": {"type", "message"}, "request_id"}``.
"""

import msgspec

from tornado_gateway.domain.errors import CircuitOpen, GatewayError, ShuttingDown

_BY_STATUS = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    405: "invalid_request_error",
    408: "invalid_request_error",
    413: "request_too_large",
    415: "invalid_request_error",
    422: "invalid_request_error",
    429: "rate_limit_error",
    431: "request_too_large",
    504: "timeout_error",
    529: "overloaded_error",
}


def encode_error(error: GatewayError, request_id: str) -> bytes:
    detail = {"type": error_type(error), "message": error.message}
    return msgspec.json.encode({"type": "error", "error": detail, "request_id": request_id})


def error_event(error: GatewayError, request_id: str) -> bytes:
    """The same inside a stream: it ends there, with no ``message_stop`` behind it."""
    return b"event: error\ndata: " + encode_error(error, request_id) + b"\n\n"


def error_type(error: GatewayError) -> str:
    """Anthropic's word for ``error``: told by status, so that it fits whoever failed."""
    if isinstance(error, CircuitOpen | ShuttingDown) or error.type == "overloaded_error":
        return "overloaded_error"
    return _BY_STATUS.get(error.status, "api_error")
