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

from tornado_gateway.domain.errors import GatewayError, UpstreamFailed, UpstreamRateLimited, UpstreamRejected
from tornado_gateway.providers.statuses import Said, by_status


class Detail(msgspec.Struct, frozen=True):
    """What a provider's error body says, as far as it says anything."""

    message: str | None = None
    type: str | None = None
    code: str | None = None
    param: str | None = None


def from_reply(status: int, headers: Mapping[str, str], body: bytes, provider: str) -> GatewayError:
    """The domain error for an answer that is no success; the body's text is shown where it is about the request."""
    detail = read_detail(body)
    said = Said(detail.message, detail.type, detail.code, detail.param, retry_after(headers))
    return by_status(status, said, provider)


_LIMITED = frozenset({"rate_limit_exceeded", "rate_limit_error", "insufficient_quota", "tokens", "requests", "429"})
_REQUEST = frozenset({"invalid_request_error", "invalid_prompt", "context_length_exceeded", "400", "404", "413", "422"})
_IMAGE = ("invalid_", "image_", "unsupported_image", "empty_image", "failed_to_download_image")
"""How the codes of a Responses answer begin that failed for an image of the caller's."""


def from_stream(error: Any, provider: str) -> GatewayError:
    """The domain error for an error object under status 200: in a stream, or where an answer should be."""
    detail = _detail_of(error)
    said = {word for word in (detail.type, detail.code) if word}
    if said & _LIMITED:
        return UpstreamRateLimited(detail.message or f"Provider {provider!r} is limiting the rate of requests.")
    if said & _REQUEST or (detail.code or "").startswith(_IMAGE):
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


def from_document(body: bytes, provider: str) -> GatewayError:
    """The domain error for plain JSON with status 200 where a stream was asked for."""
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        document = None
    inner = document.get("error") if isinstance(document, dict) else None
    if isinstance(document, dict) and inner is None and _is_answer(document):
        return UpstreamFailed(f"Provider {provider!r} gave a whole answer where a stream was asked for.")
    return from_stream(document if inner is None else inner, provider)


def _is_answer(document: dict[str, Any]) -> bool:
    return any(name in document for name in ("choices", "output"))


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
        # xAI's code is a sentence of its own.
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
    raw = _passed_on(error)
    if raw is not None and raw not in (message or ""):
        message = f"{message}: {raw}" if message else raw
    return Detail(
        message=message,
        type=_text(error.get("type")),
        code=_text(error.get("code")),
        param=_text(error.get("param")),
    )


def _passed_on(error: dict[str, Any]) -> str | None:
    """What a vendor quotes of the provider behind it (OpenRouter's ``metadata.raw``)."""
    metadata = error.get("metadata")
    raw = metadata.get("raw") if isinstance(metadata, dict) else None
    if not isinstance(raw, str) or not raw:
        return None
    return read_detail(raw.encode()).message or raw


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
