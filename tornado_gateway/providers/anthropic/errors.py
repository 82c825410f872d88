"""Anthropic's error answers as the contract's errors: one pure table by status, and one by type for streams.

Wire: Anthropic API documentation, "Errors" and "Rate limits".
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from tornado_gateway.domain.errors import (
    GatewayError,
    UpstreamAuthFailed,
    UpstreamFailed,
    UpstreamRateLimited,
    UpstreamRejected,
    UpstreamTimeout,
)
from tornado_gateway.providers.openai import errors as bodies

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


class Detail(msgspec.Struct, frozen=True):
    type: str | None = None
    message: str | None = None


def from_reply(status: int, headers: Mapping[str, str], body: bytes, provider: str) -> GatewayError:
    """The domain error for an answer that is no success."""
    read = bodies.read_detail(body)
    return _error(status, Detail(read.type, read.message), retry_after(headers, datetime.now(UTC)), provider)


def from_stream(error: Any, provider: str) -> GatewayError:
    """The domain error for an ``error`` event, or for an error body under status 200."""
    detail = Detail()
    if isinstance(error, dict):
        kind, message = error.get("type"), error.get("message")
        detail = Detail(str(kind) if kind else None, message if isinstance(message, str) else None)
    return _error(_STATUS_OF_TYPE.get(detail.type or "", 500), detail, None, provider)


def _error(status: int, detail: Detail, delay: float | None, provider: str) -> GatewayError:
    make = _BY_STATUS.get(status)
    if make is None:
        make = _rejected if 400 <= status < 500 else _failed
    return make(status, detail, delay, provider)


def _account_refused(status: int, detail: Detail, delay: float | None, provider: str) -> GatewayError:
    # The gateway's key or the operator's account, nothing the caller did: its text is not the caller's to read.
    return UpstreamAuthFailed(
        f"Provider {provider!r} refused the gateway's credentials (status {status}).", upstream_status=status
    )


def _rate_limited(status: int, detail: Detail, delay: float | None, provider: str) -> GatewayError:
    return UpstreamRateLimited(
        detail.message or f"Provider {provider!r} is limiting the rate of requests.",
        retry_after=delay,
        upstream_status=status,
    )


def _timed_out(status: int, detail: Detail, delay: float | None, provider: str) -> GatewayError:
    return UpstreamTimeout(f"Provider {provider!r} timed out (status {status}).", upstream_status=status)


def _rejected(status: int, detail: Detail, delay: float | None, provider: str) -> GatewayError:
    return UpstreamRejected(
        detail.message or f"Provider {provider!r} refused the request with status {status}.",
        status=status if status in (400, 404, 413, 422) else 400,
        type=detail.type,
    )


def _failed(status: int, detail: Detail, delay: float | None, provider: str) -> GatewayError:
    return UpstreamFailed(
        f"Provider {provider!r} failed with status {status}" + (f": {detail.message}" if detail.message else "."),
        type="overloaded_error" if status == 529 else None,
        retry_after=delay,
        upstream_status=status,
    )


_BY_STATUS: dict[int, Callable[[int, Detail, float | None, str], GatewayError]] = {
    401: _account_refused,
    402: _account_refused,
    403: _account_refused,
    408: _timed_out,
    429: _rate_limited,
    504: _timed_out,
}


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
