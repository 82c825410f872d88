"""A caller's own documents on their way to a vendor of the same protocol: unopened but for what would be refused. Pure.

Wire: OpenAI API reference, "Create chat completion", "Create completion".
"""

from typing import Any

import msgspec

from tornado_gateway.domain.wire import OPENAI_CHAT, Wire
from tornado_gateway.providers.openai.reasoning import thinking_chunk
from tornado_gateway.providers.openai.vendor import OPENAI, Vendor, adapted

STREAM_OPTIONS = msgspec.Raw(b'{"include_usage":true}')

_OURS = "thinking_blocks"
"""In which the gateway gives out other providers' signatures: it means nothing to any vendor."""

_THOUGHTS = ("reasoning_content", "reasoning")


def relayed_body(
    wire: Wire, model: str, *, stream: bool, vendor: Vendor = OPENAI, dropped: list[str] | None = None
) -> bytes:
    """The caller's document with the provider's model, and usage always asked for in streams.

    Raises ``InvalidRequest`` naming a parameter that the vendor would refuse.
    """
    fields: dict[str, Any] = {**wire.fields, "model": model}
    left_out: list[str] = [] if dropped is None else dropped
    if stream and vendor.usage_option:
        fields["stream_options"] = _with_usage(wire)
    if not vendor.takes_all:
        fields = adapted(fields, vendor, left_out)
    if wire.protocol == OPENAI_CHAT and "messages" in wire.fields:
        _fit_messages(fields, wire.fields["messages"], vendor, left_out)
    return msgspec.json.encode(fields)


def _with_usage(wire: Wire) -> object:
    options = wire.get("stream_options")
    if not isinstance(options, dict):
        return STREAM_OPTIONS
    return {**options, "include_usage": True}


def _fit_messages(fields: dict[str, Any], raw: msgspec.Raw, vendor: Vendor, dropped: list[str]) -> None:
    text = bytes(raw)
    if any(mark in text for mark in _marks(vendor)):
        fields["messages"] = [_fit(message, vendor, dropped) for message in msgspec.json.decode(raw)]


def _marks(vendor: Vendor) -> list[bytes]:
    """What a document holds at least where one of its messages must be changed."""
    marks = [b'"thinking_blocks"']
    if not vendor.developer:
        marks.append(b'"developer"')
    if not vendor.names:
        marks.append(b'"name"')
    if vendor.thoughts is not None:
        marks.extend(b'"%s"' % name.encode() for name in _THOUGHTS if name != vendor.thoughts)
    return marks


def _fit(message: dict[str, Any], vendor: Vendor, dropped: list[str]) -> dict[str, Any]:
    out = {name: value for name, value in message.items() if name != _OURS}
    if out.get("role") == "developer" and not vendor.developer:
        out["role"] = "system"
    if not vendor.names and out.get("role") != "tool" and out.pop("name", None):
        dropped.append("messages[].name")
    if vendor.thoughts is not None:
        _rename_thought(out, vendor.thoughts)
    return out


def _rename_thought(message: dict[str, Any], wanted: str) -> None:
    """Vendors have several places for it, and a client hands back the one that it was given."""
    for name in _THOUGHTS:
        thought = message.get(name)
        if name == wanted or not isinstance(thought, str | None):
            continue
        message.pop(name, None)
        if not thought:
            continue
        if wanted == "content":
            said = message.get("content")
            text = [{"type": "text", "text": said}] if said and isinstance(said, str) else said or []
            message["content"] = [thinking_chunk(thought), *text]
        else:
            message.setdefault(wanted, thought)
