"""A provider's status and words as the contract's errors: the one table that all kinds share. Pure."""

from collections.abc import Callable

import msgspec

from tornado_gateway.domain.errors import (
    GatewayError,
    UpstreamAuthFailed,
    UpstreamFailed,
    UpstreamRateLimited,
    UpstreamRejected,
    UpstreamTimeout,
)

_KEPT = (400, 404, 413, 422)
"""Refusals whose status the caller sees; any other is a 400."""


class Said(msgspec.Struct, frozen=True):
    """What an error answer says, as far as it says anything. ``delay`` is in seconds."""

    message: str | None = None
    type: str | None = None
    code: str | None = None
    param: str | None = None
    delay: float | None = None


def by_status(status: int, said: Said, provider: str) -> GatewayError:
    """The domain error for an answer that is no success."""
    make = _TABLE.get(status)
    if make is None:
        make = _rejected if 400 <= status < 500 else _failed
    return make(status, said, provider)


def account_refused(status: int, _said: Said, provider: str) -> GatewayError:
    # The gateway's key or the operator's account, nothing the caller did: its text is not the caller's to read.
    return UpstreamAuthFailed(
        f"Provider {provider!r} refused the gateway's credentials (status {status}).", upstream_status=status
    )


def _rate_limited(status: int, said: Said, provider: str) -> GatewayError:
    return UpstreamRateLimited(
        said.message or f"Provider {provider!r} is limiting the rate of requests.",
        retry_after=said.delay,
        upstream_status=status,
    )


def _timed_out(status: int, _said: Said, provider: str) -> GatewayError:
    return UpstreamTimeout(f"Provider {provider!r} timed out (status {status}).", upstream_status=status)


def _rejected(status: int, said: Said, provider: str) -> GatewayError:
    return UpstreamRejected(
        said.message or f"Provider {provider!r} refused the request with status {status}.",
        status=status if status in _KEPT else 400,
        code=said.code,
        type=said.type,
        param=said.param,
    )


def _failed(status: int, said: Said, provider: str) -> GatewayError:
    return UpstreamFailed(
        f"Provider {provider!r} failed with status {status}" + (f": {said.message}" if said.message else "."),
        type="overloaded_error" if status == 529 else None,
        retry_after=said.delay,
        upstream_status=status,
    )


_TABLE: dict[int, Callable[[int, Said, str], GatewayError]] = {
    401: account_refused,
    402: account_refused,
    403: account_refused,
    408: _timed_out,
    429: _rate_limited,
    499: _failed,
    504: _timed_out,
}
