"""A caller's own Messages document on its way to Anthropic: unopened, with the provider's model.

Thoughts of another provider may stand in it, sealed (``domain.thoughts``): a route that falls back from one provider to
another hands them on. Anthropic refuses signatures that are not its own, so that those blocks are left out.
"""

from typing import Any

import msgspec

from tornado_gateway.domain.thoughts import PREFIX, unseal
from tornado_gateway.domain.wire import Wire

_SEALED = f'"{PREFIX}'.encode()


def body(wire: Wire, model: str) -> bytes:
    messages = wire.fields.get("messages")
    if messages is None or _SEALED not in bytes(messages):
        return wire.replace(model=model)
    return wire.replace(model=model, messages=_own_thoughts(msgspec.json.decode(messages)))


def _own_thoughts(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    kept = []
    for message in messages:
        content = message.get("content")
        if not isinstance(content, list):
            kept.append(message)
            continue
        blocks = [block for block in content if not _is_sealed(block)]
        if blocks or not content:
            kept.append({**message, "content": blocks})
    return kept


def _is_sealed(block: dict[str, Any]) -> bool:
    return block.get("type") == "thinking" and unseal(str(block.get("signature"))) is not None
