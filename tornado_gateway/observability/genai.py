"""The words of OpenTelemetry's conventions for generative AI, for what the gateway calls by names of its own.

Source: OpenTelemetry semantic conventions, "Semantic conventions for generative client AI spans" and "... AI metrics".
"""

from tornado_gateway.domain.errors import GatewayError, UpstreamRejected
from tornado_gateway.domain.events import RequestFinished
from tornado_gateway.domain.wire import (
    ANTHROPIC_COUNT_TOKENS,
    ANTHROPIC_MESSAGES,
    NATIVE,
    OPENAI_CHAT,
    OPENAI_COMPLETIONS,
    OPENAI_EMBEDDINGS,
    OPENAI_RESPONSES,
)

_OPERATIONS = {
    NATIVE: "chat",
    OPENAI_CHAT: "chat",
    OPENAI_RESPONSES: "chat",
    ANTHROPIC_MESSAGES: "chat",
    OPENAI_COMPLETIONS: "text_completion",
    OPENAI_EMBEDDINGS: "embeddings",
    ANTHROPIC_COUNT_TOKENS: "count_tokens",
}
_PROVIDERS = {
    "azure_openai": "azure.ai.openai",
    "gemini": "gcp.gemini",
    "mistral": "mistral_ai",
    "xai": "x_ai",
    "moonshot": "moonshot_ai",
}


def operation(dialect: str) -> str:
    """``gen_ai.operation.name``: counting tokens is no operation of the conventions."""
    return _OPERATIONS.get(dialect, "chat")


def provider_name(kind: str, name: str) -> str:
    """``gen_ai.provider.name`` of a provider of ``kind``; its own name where nobody knows whose models it has."""
    if kind in ("", "openai_compatible"):
        return name
    return _PROVIDERS.get(kind, kind)


class ErrorTypes:
    """``error.type`` of a metric: a refusal carries the provider's own code, which could be anything."""

    def __init__(self) -> None:
        self._known = _codes(GatewayError)

    def of(self, event: RequestFinished) -> str | None:
        if event.error is None or event.error in self._known:
            return event.error
        return UpstreamRejected.default_code


def _codes(error: type[GatewayError]) -> frozenset[str]:
    codes = {error.default_code}
    for child in error.__subclasses__():
        codes |= _codes(child)
    return frozenset(codes)
