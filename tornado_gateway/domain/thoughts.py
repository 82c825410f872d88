"""Thoughts on a journey through a protocol that is not their own.

A signature belongs to the protocol that made it, and a caller's dialect often has only one opaque text to carry it in.
So everything that a provider wants back is sealed into that text, and read again when the follow-up turn comes. Not a
secret and not a proof: a caller can only fool its own conversation.
"""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode

import msgspec

from tornado_gateway.domain.chat import Reasoning

PREFIX = "gateway."
"""No provider's signature begins so: they are base64, which has no dot."""


class Seal(msgspec.Struct, frozen=True, omit_defaults=True):
    """What ``Reasoning`` holds beside its text, or a signature of something else.

    ``call_id``: of the tool call with that id. ``of_text``: of the text before it.
    """

    origin: str | None = None
    signature: str | None = None
    redacted: str | None = None
    id: str | None = None
    summary: bool = False
    call_id: str | None = None
    of_text: bool = False


_seal = msgspec.json.Decoder(Seal)


def seal(content: Seal) -> str:
    return PREFIX + urlsafe_b64encode(msgspec.json.encode(content)).decode()


def unseal(text: str) -> Seal | None:
    """None for a text that is no seal of ours."""
    if not text.startswith(PREFIX):
        return None
    try:
        return _seal.decode(urlsafe_b64decode(text.removeprefix(PREFIX)))
    except (msgspec.DecodeError, UnicodeDecodeError, binascii.Error, ValueError):
        return None


def seal_of(thought: Reasoning) -> str:
    """All of ``thought`` but its text."""
    return seal(
        Seal(
            origin=thought.origin,
            signature=thought.signature,
            redacted=thought.redacted,
            id=thought.id,
            summary=thought.summary,
        )
    )


def thought_of(content: Seal, text: str) -> Reasoning:
    """The thought that ``seal_of`` sealed."""
    return Reasoning(
        text=text,
        signature=content.signature,
        redacted=content.redacted,
        id=content.id,
        origin=content.origin,
        summary=content.summary,
    )
