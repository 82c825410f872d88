"""How many tokens a call may come to, before anybody is asked: what its limits and budgets hold meanwhile."""

import msgspec

from tornado_gateway.domain.call import ModelCall
from tornado_gateway.domain.counting import estimate_chat
from tornado_gateway.domain.dispatch import DEFAULT_OUTPUT
from tornado_gateway.domain.embeddings import is_embedding
from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.domain.estimate import BYTES_PER_TOKEN, estimate_prompt

_OPENED = 65536
"""Bytes from which a document is looked into: an image's base64 says nothing of its tokens."""
_IMAGE = b"base64"
"""What says in every dialect that one may be there; a document of words alone is not opened for that."""


class Reckoned(msgspec.Struct, frozen=True, gc=False):
    """``bounded``: the caller has said how long the answer may be, so that ``output`` is no guess."""

    prompt: int
    output: int
    bounded: bool


def reckon(call: ModelCall) -> Reckoned:
    """The prompt by rule of thumb; the answer by the caller's bound, for each of the answers that it wants."""
    prompt = _prompt(call)
    if is_embedding(call):
        return Reckoned(prompt, 0, bounded=True)
    each = DEFAULT_OUTPUT if call.max_tokens is None else call.max_tokens
    return Reckoned(prompt, each * call.answers, bounded=call.max_tokens is not None)


def _prompt(call: ModelCall) -> int:
    prompt = estimate_prompt(call.wire)
    if prompt * BYTES_PER_TOKEN < _OPENED or is_embedding(call):
        return prompt
    if not any(_IMAGE in bytes(raw) for raw in call.wire.fields.values()):
        return prompt
    try:
        return estimate_chat(call.chat)
    except InvalidRequest:
        return prompt  # whoever is asked will say what is wrong with it
