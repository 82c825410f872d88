"""Wire: a document in a named protocol, carried unopened."""

from typing import Final

import msgspec

OPENAI_CHAT: Final = "openai.chat"
OPENAI_COMPLETIONS: Final = "openai.completions"
OPENAI_RESPONSES: Final = "openai.responses"
OPENAI_EMBEDDINGS: Final = "openai.embeddings"
ANTHROPIC_MESSAGES: Final = "anthropic.messages"
ANTHROPIC_COUNT_TOKENS: Final = "anthropic.count_tokens"
GEMINI_GENERATE: Final = "gemini.generate"
GEMINI_EMBED: Final = "gemini.embed"
NATIVE: Final = "native"


class Wire(msgspec.Struct, frozen=True):
    """One JSON object of ``protocol``, its members still as bytes.

    Relaying changes or adds single members; every other one goes on byte for byte, known to us or not. ``body`` is
    the document as it came, where it may go on whole.
    """

    protocol: str
    fields: dict[str, msgspec.Raw]
    body: bytes | None = None

    def replace(self, **members: object) -> bytes:
        """The document encoded with ``members`` put in place (None removes one)."""
        fields: dict[str, object] = dict(self.fields)
        for name, value in members.items():
            if value is None:
                fields.pop(name, None)
            else:
                fields[name] = value
        return msgspec.json.encode(fields)

    def get(self, name: str) -> object:
        """The member ``name`` decoded to plain Python values, None where it is absent."""
        raw = self.fields.get(name)
        return None if raw is None else msgspec.json.decode(raw)
