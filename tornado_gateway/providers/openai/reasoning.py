"""Thoughts as vendors of OpenAI's protocol send them and want them back. Pure.

Wire: DeepSeek API documentation, "Thinking Mode" (``reasoning_content``); OpenRouter documentation, "Reasoning Tokens"
(``reasoning`` and ``reasoning_details``, which hold the signatures of whoever is behind it); Mistral documentation,
"Reasoning" (content of type ``thinking``).
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from tornado_gateway.domain.chat import Reasoning

FAMILY = "openai"
"""The origin of a thought from chat completions. Its signature is the JSON of its ``reasoning_details``."""

Details = list[dict[str, Any]]

_PIECES = ("text", "summary", "data")
_PROOFS = ("signature", "data", "id")


class DetailsOfStream:
    """``reasoning_details`` that come in pieces, put together."""

    def __init__(self) -> None:
        self._whole: Details = []

    def add(self, pieces: Sequence[Any]) -> None:
        for piece in pieces:
            if not isinstance(piece, dict):
                continue
            known = self._of(piece)
            if known is None:
                self._whole.append(dict(piece))
                continue
            for name, value in piece.items():
                if name in _PIECES and isinstance(value, str):
                    known[name] = (known.get(name) or "") + value
                elif value:
                    known[name] = value

    def take(self) -> str | None:
        """What must be handed back, None where the text says it all; the next piece begins anew."""
        whole, self._whole = self._whole, []
        return proof(whole)

    def _of(self, piece: dict[str, Any]) -> dict[str, Any] | None:
        if not self._whole:
            return None
        last = self._whole[-1]
        same = last.get("type") == piece.get("type") and last.get("index") == piece.get("index")
        return last if same else None


def proof(details: Sequence[Any] | None) -> str | None:
    """``details`` as a thought's signature; None where nothing in them proves anything."""
    proven = any(isinstance(entry, dict) and any(entry.get(name) for name in _PROOFS) for entry in details or ())
    return msgspec.json.encode(details).decode() if proven else None


def details_of(thoughts: Sequence[Reasoning]) -> Details:
    """The ``reasoning_details`` that these thoughts came with."""
    found: Details = []
    for thought in thoughts:
        if thought.signature is None:
            continue
        try:
            found.extend(msgspec.json.decode(thought.signature, type=Details))
        except msgspec.DecodeError:
            continue  # a caller's own invention, which proves nothing
    return found


def thinking_chunk(text: str) -> dict[str, Any]:
    """Mistral's form of a thought."""
    return {"type": "thinking", "thinking": [{"type": "text", "text": text}]}


def thinking_text(thinking: Any) -> str:
    """Mistral's ``thinking``: a text, or a list of text pieces."""
    if isinstance(thinking, str):
        return thinking
    if not isinstance(thinking, list):
        return ""
    return "".join(str(piece.get("text") or "") for piece in thinking if isinstance(piece, dict))
