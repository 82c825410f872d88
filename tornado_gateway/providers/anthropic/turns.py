"""The domain's messages as Anthropic's ``system`` and ``messages``. Pure.

Wire: Anthropic API reference, "Create a Message". Turns of one role are merged, results of tools come first in theirs,
and empty texts, which the API refuses, are left out.
"""

from collections.abc import Sequence
from typing import Any

from tornado_gateway.domain.chat import Message, Text
from tornado_gateway.providers.anthropic.blocks import Blocks, text_block

Turn = dict[str, Any]


def system_and_turns(
    messages: Sequence[Message], blocks: Blocks, *, keep_inline: bool
) -> tuple[list[dict[str, Any]], list[Turn]]:
    """Blocks of the system prompt, and the turns.

    ``keep_inline``: system messages between turns stay where they are, as only newer models take them; else they join
    the system prompt, which every model has.
    """
    system: list[dict[str, Any]] = []
    turns: list[Turn] = []
    for position, message in enumerate(messages):
        if message.name is not None:
            blocks.dropped.append(f"messages[{position}].name")
        if message.role not in ("system", "developer"):
            _add_turn(turns, message, _speakable(message, blocks, f"messages[{position}]"))
            continue
        inner = blocks.of(message, f"messages[{position}]")
        if turns and keep_inline:
            _append(turns, "system", inner)
            continue
        system.extend(inner)
    if not turns:
        # This API wants a turn to answer to; other families answer a system prompt alone.
        return [], [{"role": "user", "content": system}]
    return system, [_tidy(turn) for turn in turns]


def _speakable(message: Message, blocks: Blocks, path: str) -> list[dict[str, Any]]:
    """Another model's pictures have no place in an assistant's turn."""
    inner = blocks.of(message, path)
    if message.role != "assistant" or all(block["type"] != "image" for block in inner):
        return inner
    blocks.dropped.append("images")
    return [block for block in inner if block["type"] != "image"]


def _add_turn(turns: list[Turn], message: Message, inner: list[dict[str, Any]]) -> None:
    role = "assistant" if message.role == "assistant" else "user"
    if not inner and role == "assistant":
        return  # an empty answer says nothing, and the API refuses one that is not the last
    _append(turns, role, inner)


def _append(turns: list[Turn], role: str, inner: list[dict[str, Any]]) -> None:
    if turns and turns[-1]["role"] == role:
        turns[-1]["content"].extend(inner)
        return
    turns.append({"role": role, "content": list(inner)})


def _tidy(turn: Turn) -> Turn:
    content = turn["content"]
    if turn["role"] == "user":
        results = [block for block in content if block["type"] == "tool_result"]
        rest = [block for block in content if block["type"] != "tool_result"]
        content = [*results, *rest]
    if len(content) == 1 and content[0].keys() == {"type", "text"}:
        return {"role": turn["role"], "content": content[0]["text"]}
    return {"role": turn["role"], "content": content}


def add_instruction(system: list[dict[str, Any]], text: str) -> None:
    """Puts one more instruction at the end of the system prompt."""
    system.append(text_block(Text(text)))
