"""What a tool is called with, for protocols that want an object where the chat has a text."""

from typing import Any

import msgspec

from tornado_gateway.domain.chat import ToolCall
from tornado_gateway.domain.errors import InvalidRequest


def arguments_of(call: ToolCall, path: str) -> dict[str, Any]:
    """Empty for a call without any. Raises ``InvalidRequest``, with ``path``, for what is no JSON object."""
    try:
        value = msgspec.json.decode(call.arguments) if call.arguments.strip() else {}
    except (msgspec.DecodeError, RecursionError) as error:
        raise InvalidRequest(f"{path}: the arguments of call {call.id!r} are not valid JSON.", param=path) from error
    if not isinstance(value, dict):
        raise InvalidRequest(f"{path}: the arguments of call {call.id!r} are no JSON object.", param=path)
    return value
