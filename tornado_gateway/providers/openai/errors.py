"""OpenAI's error answers as the contract's errors: one pure table by status, the details from the body.

Wire: OpenAI API reference, "Error codes"; compatible vendors' bodies differ and are read as far as they go
(``{"error": {...}}``, ``{"error": "text"}``, ``{"detail": ...}``, ``{"message": ...}``).
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite
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

_REJECTED = frozenset({400, 404, 409, 413, 415, 422})


class Detail(msgspec.Struct, frozen=True):
    """What a provider's error body says, as far as it says anything."""

    message: str | None = None
    type: str | None = None
    code: str | None = None
    param: str | None = None


def from_reply(status: int, headers: Mapping[str, str], body: bytes, provider: str) -> GatewayError:
    """The domain error for an answer that is no success; the body's text is shown where it is about the request."""
    detail = read_detail(body)
    if status in (401, 403):
        # The text may hold a piece of the gateway's own key.
        return UpstreamAuthFailed(
            f"Provider {provider!r} refused the gateway's credentials (status {status}).", upstream_status=status
        )
    if status == 429:
        return UpstreamRateLimited(
            detail.message or f"Provider {provider!r} is limiting the rate of requests.",
            retry_after=retry_after(headers),
            upstream_status=status,
        )
    if status in _REJECTED or (400 <= status < 500 and status != 408):
        return UpstreamRejected(
            detail.message or f"Provider {provider!r} refused the request with status {status}.",
            status=status if status in (400, 404, 413, 422) else 400,
            code=detail.code,
            type=detail.type,
            param=detail.param,
        )
    if status in (408, 504):
        return UpstreamTimeout(f"Provider {provider!r} timed out (status {status}).", upstream_status=status)
    return UpstreamFailed(
        f"Provider {provider!r} failed with status {status}" + (f": {detail.message}" if detail.message else "."),
        retry_after=retry_after(headers),
        upstream_status=status,
    )


def from_stream(error: Any, provider: str) -> GatewayError:
    """The domain error for an error object inside a stream that began with status 200."""
    detail = _detail_of(error)
    text = " ".join(str(word) for word in (detail.type, detail.code) if word)
    if "rate_limit" in text or detail.code == "429":
        return UpstreamRateLimited(detail.message or f"Provider {provider!r} is limiting the rate of requests.")
    if "invalid_request" in text or detail.code == "400":
        return UpstreamRejected(
            detail.message or f"Provider {provider!r} refused the request.",
            status=400,
            code=detail.code,
            type=detail.type,
            param=detail.param,
        )
    return UpstreamFailed(
        f"Provider {provider!r} failed in the middle of its answer" + (f": {detail.message}" if detail.message else ".")
    )


def read_detail(body: bytes) -> Detail:
    """Reads an error body of whatever shape."""
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return Detail()
    if isinstance(document, list) and document:
        document = document[0]
    if not isinstance(document, dict):
        return Detail()
    error = document.get("error")
    if isinstance(error, dict):
        return _detail_of(error)
    if isinstance(error, str):
        return Detail(message=error, code=_text(document.get("code")))
    return _detail_of(document)


def _detail_of(error: Any) -> Detail:
    if isinstance(error, str):
        return Detail(message=error)
    if not isinstance(error, dict):
        return Detail()
    message = error.get("message", error.get("detail"))
    if message is not None and not isinstance(message, str):
        message = msgspec.json.encode(message).decode()
    return Detail(
        message=message,
        type=_text(error.get("type")),
        code=_text(error.get("code")),
        param=_text(error.get("param")),
    )


def _text(value: object) -> str | None:
    return None if value is None or isinstance(value, dict | list) else str(value)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds from ``retry-after-ms`` or ``retry-after`` (a number or an HTTP date), None where neither is there."""
    milliseconds = _seconds(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    value = headers.get("retry-after")
    if value is None:
        return None
    seconds = _seconds(value)
    if seconds is not None:
        return seconds
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def _seconds(text: str | None) -> float | None:
    try:
        number = float(text) if text is not None else -1.0
    except ValueError:
        return None
    return number if isfinite(number) and number >= 0 else None
