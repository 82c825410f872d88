"""Errors in the OpenAI form, which the native form shares.

Wire: OpenAI API reference, "Error codes": ``{"error": {"message", "type", "code", "param"}}``.
"""

import msgspec

from tornado_gateway.domain.errors import GatewayError


def encode_error(error: GatewayError) -> bytes:
    document = {"message": error.message, "type": error.type, "code": error.code, "param": error.param}
    return msgspec.json.encode({"error": document})


def error_event(error: GatewayError) -> bytes:
    """The same inside a stream: it ends there, with no end mark behind it."""
    return b"event: error\ndata: " + encode_error(error) + b"\n\n"
