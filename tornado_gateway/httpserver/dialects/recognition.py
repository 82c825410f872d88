"""Which form a request's body has, for whoever has the body and not the path that it goes to."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tornado_gateway.domain.call import ModelCall
from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.domain.wire import (
    ANTHROPIC_MESSAGES,
    NATIVE,
    OPENAI_CHAT,
    OPENAI_COMPLETIONS,
    OPENAI_EMBEDDINGS,
    OPENAI_RESPONSES,
)
from tornado_gateway.httpserver.dialects.anthropic_messages import AnthropicMessages
from tornado_gateway.httpserver.dialects.base import Dialect
from tornado_gateway.httpserver.dialects.decoding import decode_fields, open_fields
from tornado_gateway.httpserver.dialects.native import Native
from tornado_gateway.httpserver.dialects.openai_chat import OpenAIChat
from tornado_gateway.httpserver.dialects.openai_embeddings import OpenAIEmbeddings
from tornado_gateway.httpserver.dialects.openai_legacy import OpenAILegacy
from tornado_gateway.httpserver.dialects.openai_responses import OpenAIResponses

_ANTHROPIC = frozenset({"system", "stop_sequences", "anthropic_version", "mcp_servers"})
_ANTHROPIC_BLOCKS = frozenset({"tool_use", "tool_result", "thinking", "redacted_thinking", "document"})
_EMBEDDINGS = frozenset({"encoding_format", "dimensions"})
_RESPONSES = frozenset(
    {
        "instructions",
        "max_output_tokens",
        "previous_response_id",
        "include",
        "text",
        "reasoning",
        "store",
        "stream",
        "tools",
        "truncation",
    }
)


def _dialects() -> Mapping[str, Dialect]:
    known: tuple[Dialect, ...] = (
        OpenAIChat(),
        OpenAIResponses(),
        OpenAILegacy(),
        OpenAIEmbeddings(),
        AnthropicMessages(),
        Native(lambda: datetime.now(UTC)),
    )
    return {dialect.name: dialect for dialect in known}


DIALECTS = (OPENAI_CHAT, OPENAI_RESPONSES, OPENAI_COMPLETIONS, OPENAI_EMBEDDINGS, ANTHROPIC_MESSAGES, NATIVE)


def decode_call(body: bytes, dialect: str | None = None) -> ModelCall:
    """The body as a call, in the form that is named or, without a name, the one that it looks like.

    Raises ``InvalidRequest`` that names the field.
    """
    name = recognise(body) if dialect is None else dialect
    return _dialects()[name].decode_request(body)


def recognise(body: bytes) -> str:
    """The form's name. A native body looks like one of OpenAI chat, and counts alike.

    Raises ``InvalidRequest`` for what looks like none.
    """
    document = open_fields(decode_fields(body))
    if "messages" in document:
        return ANTHROPIC_MESSAGES if _is_anthropic(document) else OPENAI_CHAT
    if isinstance(document.get("prompt"), str | list):
        return OPENAI_COMPLETIONS
    if "input" in document:
        return OPENAI_EMBEDDINGS if _is_for_vectors(document) else OPENAI_RESPONSES
    raise InvalidRequest("messages: this field is required (or prompt, or input, in the forms that have those).")


def _is_anthropic(document: Mapping[str, Any]) -> bool:
    if not _ANTHROPIC.isdisjoint(document):
        return True
    if any("input_schema" in tool for tool in _objects(document.get("tools"))):
        return True
    blocks = [block for message in _objects(document["messages"]) for block in _objects(message.get("content"))]
    return any(block.get("type") in _ANTHROPIC_BLOCKS or "source" in block for block in blocks)


def _is_for_vectors(document: Mapping[str, Any]) -> bool:
    given = document["input"]
    if isinstance(given, list):
        return not any(isinstance(one, dict) for one in given)
    if not _EMBEDDINGS.isdisjoint(document):
        return True
    # A text alone may be either: names of models that make vectors say so.
    return _RESPONSES.isdisjoint(document) and "embed" in str(document.get("model"))


def _objects(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
