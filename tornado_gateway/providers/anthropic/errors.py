"""Anthropic's error answers as the contract's errors: one pure table by status, and one by type for streams.

Wire: Anthropic API documentation, "Errors" and "Rate limits".
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tornado_gateway.domain.errors import GatewayError
from tornado_gateway.providers.openai import errors as bodies
from tornado_gateway.providers.statuses import Said, by_status

_LIMITS = ("requests", "tokens", "input-tokens", "output-tokens")

_STATUS_OF_TYPE = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "timeout_error": 504,
    "api_error": 500,
    "overloaded_error": 529,
}
"""What the API answers with outside a stream."""


def from_reply(status: int, headers: Mapping[str, str], body: bytes, provider: str) -> GatewayError:
    """The domain error for an answer that is no success."""
    read = bodies.read_detail(body)
    said = Said(read.message, read.type, delay=retry_after(headers, datetime.now(UTC)))
    return by_status(status, said, provider)


def from_stream(error: Any, provider: str) -> GatewayError:
    """The domain error for an ``error`` event, or for an error body under status 200."""
    said = Said()
    if isinstance(error, dict):
        kind, message = error.get("type"), error.get("message")
        said = Said(message if isinstance(message, str) else None, str(kind) if kind else None)
    return by_status(_STATUS_OF_TYPE.get(said.type or "", 500), said, provider)


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds from ``retry-after``; else until the last of the limits that are used up is reset (RFC 3339 times)."""
    said = bodies.retry_after(headers)
    if said is not None:
        return said
    waits = []
    for limit in _LIMITS:
        name = f"anthropic-ratelimit-{limit}"
        if headers.get(f"{name}-remaining") != "0":
            continue
        try:
            reset = datetime.fromisoformat(headers.get(f"{name}-reset", ""))
            waits.append(max(0.0, (reset - now).total_seconds()))
        except (ValueError, TypeError):
            continue
    return max(waits, default=None)
