"""A caller's own Responses document on its way to OpenAI, and the answer to it: unopened but for what is counted. Pure.

Wire: OpenAI API reference, "Create a model response", "The response object". Thoughts of another provider may stand in
the input, sealed (``domain.thoughts``): a route that falls back from one provider to another hands them on. OpenAI
can't decrypt those and refuses them, so that they are left out.
"""

from typing import Any

import msgspec

from tornado_gateway.domain.call import Answer
from tornado_gateway.domain.chat import FinishReason
from tornado_gateway.domain.errors import UpstreamFailed
from tornado_gateway.domain.thoughts import PREFIX, unseal
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.domain.wire import OPENAI_RESPONSES, Wire
from tornado_gateway.providers.openai.errors import from_stream
from tornado_gateway.providers.openai.usage import ResponsesUsage

_SEALED = f'"{PREFIX}'.encode()

_CALLS = frozenset({"function_call", "custom_tool_call"})
"""Items after which the caller has the next word."""

_INCOMPLETE: dict[str | None, FinishReason] = {"max_output_tokens": "length", "content_filter": "content_filter"}


class _Item(msgspec.Struct, frozen=True):
    type: str | None = None


class _Incomplete(msgspec.Struct, frozen=True):
    reason: str | None = None


class ResponseGlance(msgspec.Struct, frozen=True):
    """What the relay lane reads of a response object."""

    status: str | None = None
    output: list[_Item] | None = None
    incomplete_details: _Incomplete | None = None
    usage: ResponsesUsage | None = None
    service_tier: str | None = None
    error: Any = None

    @property
    def reported(self) -> TokenUsage | None:
        """The usage, None where nothing was counted."""
        return self.usage.buckets(self.service_tier) if self.usage is not None and self.usage.counted else None

    @property
    def finish_reason(self) -> FinishReason:
        if self.status == "incomplete":
            return _INCOMPLETE.get(self.incomplete_details.reason if self.incomplete_details else None, "length")
        if self.status in ("failed", "cancelled"):
            return "error"
        return "tool_calls" if any(item.type in _CALLS for item in self.output or ()) else "stop"


_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_glance = msgspec.json.Decoder(ResponseGlance)


def body(wire: Wire, model: str) -> bytes:
    """The caller's document with the provider's model."""
    given = wire.fields.get("input")
    if given is None or _SEALED not in bytes(given):
        return wire.replace(model=model)
    items = msgspec.json.decode(given)
    if isinstance(items, list):
        items = [item for item in items if not _is_sealed(item)]
    return wire.replace(model=model, input=items)


def _is_sealed(item: Any) -> bool:
    return (
        isinstance(item, dict)
        and item.get("type") == "reasoning"
        and unseal(str(item.get("encrypted_content"))) is not None
    )


def relayed_answer(body: bytes, provider: str) -> Answer:
    """The answer unopened but for usage and status. Raises the domain's error for a garbled one.

    A response that failed is an answer like any other: it has an id and a price.
    """
    try:
        fields = _fields.decode(body)
        glance = _glance.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise UpstreamFailed(f"Provider {provider!r} gave an answer that is no such JSON.") from error
    if glance.error and "output" not in fields:
        raise from_stream(glance.error, provider)
    if glance.output is None:
        raise UpstreamFailed(f"Provider {provider!r} gave an answer without 'output'.")
    return Answer(
        usage=_usage(glance),
        relayed=Wire(OPENAI_RESPONSES, fields),
        finish_reason=glance.finish_reason,
    )


def _usage(glance: ResponseGlance) -> TokenUsage | None:
    reported = glance.reported
    if reported is not None:
        return reported
    # One that was only put into the queue has used nothing so far.
    return TokenUsage() if glance.status in ("queued", "in_progress") else None
