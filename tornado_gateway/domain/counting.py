"""How many tokens a prompt is: from a provider that counts, else by rule of thumb. Either way nothing is generated."""

from typing import Protocol, runtime_checkable

import msgspec

from tornado_gateway.domain.call import Answer, ModelCall
from tornado_gateway.domain.chat import (
    Audio,
    ChatRequest,
    Document,
    Image,
    Opaque,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from tornado_gateway.domain.context import RequestContext
from tornado_gateway.domain.estimate import estimate_tokens
from tornado_gateway.domain.ports import ChatProvider
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.domain.wire import ANTHROPIC_COUNT_TOKENS

IMAGE_TOKENS = 1600
"""What providers take for an image of full size."""

_MESSAGE_TOKENS = 4
"""Role and delimiters of one message."""


@runtime_checkable
class TokenCounter(Protocol):
    """A provider that can say how long a prompt is. Nothing is generated and nothing billed."""

    async def count_tokens(self, call: ModelCall, model: str, context: RequestContext) -> Answer: ...


def is_count(call: ModelCall) -> bool:
    """True for a call that asks for a number and not for an answer."""
    return call.wire.protocol == ANTHROPIC_COUNT_TOKENS


async def count(provider: ChatProvider, call: ModelCall, model: str, context: RequestContext) -> Answer:
    """The answer to such a call: ``relayed``, or ``counted`` alone. Its usage is zero, for nothing was used."""
    if isinstance(provider, TokenCounter):
        return await provider.count_tokens(call, model, context)
    return Answer(usage=TokenUsage(), counted=estimate_chat(call.chat))


def estimate_chat(chat: ChatRequest) -> int:
    """Tokens of a prompt, opened: images count by the piece, for their base64 says nothing of their tokens."""
    size = images = 0
    for message in chat.messages:
        for part in message.parts:
            images += _images(part)
            size += size_of(part)
    tools = [(tool.name, tool.description, tool.parameters, tool.hosted) for tool in chat.tools]
    size += len(msgspec.json.encode(tools)) if tools else 0
    return estimate_tokens(size) + images * IMAGE_TOKENS + len(chat.messages) * _MESSAGE_TOKENS


def _images(part: Part) -> int:
    if isinstance(part, ToolResult):
        return sum(isinstance(piece, Image) for piece in part.content)
    return int(isinstance(part, Image))


def size_of(part: Part) -> int:
    """Bytes of text in one part of a message."""
    match part:
        case Text() | Refusal() | Reasoning():
            return len(part.text.encode())
        case ToolCall():
            return len(part.name.encode()) + len(part.arguments.encode())
        case ToolResult():
            return sum(size_of(piece) for piece in part.content)
        case Document():
            return len((part.text or part.data or "").encode())
        case Audio():
            return len(part.data)
        case Opaque():
            return len(msgspec.json.encode(part.document))
    return 0
