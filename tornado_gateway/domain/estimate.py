"""How many tokens something is, by rule of thumb: for what a provider did not report."""

from typing import Any

import msgspec

from tornado_gateway.domain.wire import Wire

BYTES_PER_TOKEN = 4
"""English text in the tokenizers of the main providers; other languages take more tokens for a byte, JSON fewer."""

_SAID = frozenset(
    {"text", "content", "refusal", "name", "arguments", "input", "thinking", "reasoning", "reasoning_content"}
    | {"transcript"}
)
"""Members that hold what a model wrote."""


def estimate_tokens(size: int) -> int:
    """Tokens in ``size`` bytes of text; at least one for anything that is not empty."""
    return -(-size // BYTES_PER_TOKEN)


def said_in(answer: msgspec.Raw) -> int:
    """Bytes of what a model said in an answer of any of OpenAI's forms, not of what is said about it."""
    return _said(msgspec.json.decode(answer), "")


def _said(value: Any, name: str) -> int:
    if isinstance(value, str):
        return len(value.encode()) if name in _SAID else 0
    if isinstance(value, list):
        return sum(_said(each, name) for each in value)
    if isinstance(value, dict):
        return sum(_said(each, member) for member, each in value.items() if member != "logprobs")
    return 0


def estimate_prompt(wire: Wire) -> int:
    """Tokens of a request's document, unopened."""
    return estimate_tokens(sum(memoryview(raw).nbytes for name, raw in wire.fields.items() if name != "model"))
