"""What a chat holds that only one family of protocols knows: left out where it is a hint, else refused by name."""

from typing import Any

from tornado_gateway.domain.chat import ChatRequest, Opaque, ToolResult
from tornado_gateway.domain.errors import InvalidRequest


def leave_out(chat: ChatRequest, family: str, dropped: list[str]) -> dict[str, Any]:
    """The members of ``chat.extra`` that a provider of ``family`` is to get.

    Names of hints left out are appended to ``dropped``. Raises ``InvalidRequest`` for what changes the answer and has
    no place there: a member, a hosted tool, a part of the conversation.
    """
    dropped.extend(chat.unread)
    if chat.family == family:
        return dict(chat.extra)
    for name in chat.extra:
        if name not in chat.hints:
            raise InvalidRequest(f"{name}: the route's provider has no such parameter.", param=name)
        dropped.append(name)
    for position, tool in enumerate(chat.tools):
        path = f"tools[{position}]"
        if tool.hosted is not None:
            raise InvalidRequest(f"{path}: the route's provider does not run this tool.", param=path)
        dropped.extend(f"{path}.{name}" for name in tool.hints)
    for message in chat.messages:
        for part in message.parts:
            inner = part.content if isinstance(part, ToolResult) else (part,)
            for piece in inner:
                if isinstance(piece, Opaque) and piece.family != family:
                    path = piece.path or "messages"
                    kind = piece.document.get("type")
                    raise InvalidRequest(f"{path}: the route's provider has no place for a {kind!r} here.", param=path)
    return {}
