"""What kind of failure an error is, in the words that a fallback's ``on`` uses. One table.

Providers have no common word for a prompt that is too long or one that a filter stops: OpenAI and Azure have codes,
Anthropic, Gemini and most vendors say it in the message alone.
"""

import re

from tornado_gateway.domain.errors import (
    CircuitOpen,
    GatewayError,
    ProviderBusy,
    ProviderNotConfigured,
    UpstreamAuthFailed,
    UpstreamFailed,
    UpstreamRateLimited,
    UpstreamRejected,
    UpstreamTimeout,
    UpstreamUnreachable,
)

_KINDS: tuple[tuple[type[GatewayError], str], ...] = (
    (UpstreamUnreachable, "unreachable"),
    (UpstreamTimeout, "timeout"),
    (UpstreamRateLimited, "rate_limited"),
    (UpstreamAuthFailed, "auth_failed"),
    (UpstreamFailed, "server_error"),
    (CircuitOpen, "circuit_open"),
    (ProviderBusy, "circuit_open"),
    (ProviderNotConfigured, "not_configured"),
)

_TOO_LONG_CODES = frozenset({"context_length_exceeded", "string_above_max_length", "request_too_large"})
_TOO_LONG = re.compile(
    r"context.{0,20}(length|window|limit|size)|maximum context|prompt is too long|input token count.{0,40}exceed"
    r"|too many (input )?tokens|exceeds? the (maximum|max) (number of )?(input )?tokens|input is too long"
    r"|reduce the length of the messages|too large for model",
    re.IGNORECASE,
)
_FILTER_CODES = frozenset(
    {"content_filter", "content_policy_violation", "moderation_blocked", "cyber_policy_violation"}
)
_FILTERED = re.compile(
    r"content (management|filter(ing)?) policy|content_filter|flagged by|safety (system|filter)", re.IGNORECASE
)


def kind_of(error: GatewayError) -> str | None:
    """None for what is the caller's own doing: no other route mends that."""
    if isinstance(error, UpstreamRejected):
        return _of_refusal(error)
    return next((kind for types, kind in _KINDS if isinstance(error, types)), None)


def _of_refusal(error: UpstreamRejected) -> str:
    said = {word for word in (error.code, error.type) if word}
    if said & _TOO_LONG_CODES or error.status == 413 or _TOO_LONG.search(error.message):
        return "context_length"
    if said & _FILTER_CODES or _FILTERED.search(error.message):
        return "content_filter"
    return "rejected"
