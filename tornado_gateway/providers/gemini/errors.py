"""Gemini's error answers as the contract's errors: one pure table by status, and one by name for streams.

Wire: Google API design guide, "Errors" (``google.rpc.Status`` with ``ErrorInfo`` and ``RetryInfo``); Gemini API
documentation, "Troubleshooting guide". A bad key is 400 here, and how long to wait stands in the body.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from tornado_gateway.domain.errors import GatewayError
from tornado_gateway.providers.openai.errors import retry_after
from tornado_gateway.providers.statuses import Said, account_refused, by_status

_STATUS_OF_NAME = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "OUT_OF_RANGE": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ABORTED": 409,
    "ALREADY_EXISTS": 409,
    "RESOURCE_EXHAUSTED": 429,
    "CANCELLED": 499,
    "INTERNAL": 500,
    "UNIMPLEMENTED": 501,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}
"""``google.rpc.Code`` by HTTP status, for errors that come under status 200."""

_BAD_KEY = frozenset({"API_KEY_INVALID", "API_KEY_EXPIRED", "ACCESS_TOKEN_EXPIRED"})


class Detail(msgspec.Struct, frozen=True):
    """What an error body says, as far as it says anything. ``delay`` is in seconds."""

    message: str | None = None
    name: str | None = None
    code: int | None = None
    reason: str | None = None
    delay: float | None = None


def from_reply(status: int, headers: Mapping[str, str], body: bytes, provider: str) -> GatewayError:
    """The domain error for an answer that is no success."""
    detail = read_detail(body)
    delay = detail.delay if detail.delay is not None else retry_after(headers)
    return _error(status, detail, delay, provider)


def from_stream(error: Any, provider: str) -> GatewayError:
    """The domain error for an error object under status 200: in a stream, or where an answer should be."""
    detail = _detail_of(error)
    status = detail.code or _STATUS_OF_NAME.get(detail.name or "", 500)
    return _error(status, detail, detail.delay, provider)


def read_detail(body: bytes) -> Detail:
    """Reads an error body: an object, or a list of one, as a stream without events has it."""
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return Detail()
    if isinstance(document, list):
        document = document[0] if document else None
    return _detail_of(document.get("error", document)) if isinstance(document, dict) else Detail()


def _detail_of(error: Any) -> Detail:
    if isinstance(error, str):
        return Detail(message=error)
    if not isinstance(error, dict):
        return Detail()
    message, name, code = error.get("message"), error.get("status"), error.get("code")
    listed = error.get("details")
    details = [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
    delays = [_seconds(item.get("retryDelay")) for item in details]
    return Detail(
        message=message if isinstance(message, str) and message else None,
        name=name if isinstance(name, str) else None,
        code=code if isinstance(code, int) and 400 <= code < 600 else None,
        reason=next((item["reason"] for item in details if isinstance(item.get("reason"), str)), None),
        delay=next((delay for delay in delays if delay is not None), None),
    )


def _seconds(duration: Any) -> float | None:
    """A protobuf duration in its JSON form: ``48s``, ``1.5s``."""
    if not isinstance(duration, str) or not duration.endswith("s"):
        return None
    whole, dot, fraction = duration[:-1].partition(".")
    digits = whole + fraction
    if not (whole and digits.isascii() and digits.isdigit()) or (dot and not fraction):
        return None
    return float(duration[:-1])


def _error(status: int, detail: Detail, delay: float | None, provider: str) -> GatewayError:
    said = Said(detail.message, code=detail.name, delay=delay)
    if detail.reason in _BAD_KEY:
        return account_refused(status, said, provider)
    return by_status(status, said, provider)
