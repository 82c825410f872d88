"""ModelCall: what a dialect makes of a request body, and the answers to it."""

from collections.abc import Callable
from functools import cached_property

import msgspec

from tornado_gateway.domain.chat import ChatRequest, ChatResponse
from tornado_gateway.domain.money import Cost
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.domain.wire import Wire

MOST_TOKENS = 10**12
"""Of an answer: far more than any has, and little enough to be reckoned with."""
MOST_ANSWERS = 10**6
"""Of a call."""


class ModelCall:
    """A validated call, unopened: ``chat`` opens it, and only the translate lane asks for that.

    ``model`` is the name the caller used. ``wants_usage`` says that a stream's usage-only event is to
    reach the caller. ``max_tokens`` is for reckoning alone: None where nothing bounds the answer, for which some
    servers take a negative number. ``prompts`` are answered each for itself.
    """

    def __init__(
        self,
        *,
        model: str,
        wire: Wire,
        decode: Callable[[Wire], ChatRequest],
        stream: bool = False,
        wants_usage: bool = True,
        max_tokens: int | None = None,
        prompts: int = 1,
        metadata: dict[str, str] | None = None,
    ) -> None:
        self.model = model
        self.wire = wire
        self.stream = stream
        self.wants_usage = wants_usage
        self.max_tokens = None if max_tokens is None or max_tokens < 0 else min(max_tokens, MOST_TOKENS)
        self.prompts = prompts
        self.metadata = metadata
        self._decode = decode

    @cached_property
    def chat(self) -> ChatRequest:
        """The request opened; raises ``InvalidRequest`` naming the field."""
        return self._decode(self.wire)

    @property
    def answers(self) -> int:
        """How many are asked for: each is paid, of the legacy form's ``best_of`` those too that nobody sees."""
        asked = [self.wire.get(name) for name in ("n", "best_of") if name in self.wire.fields]
        each = max([1, *(count for count in asked if isinstance(count, int))])
        return min(each * self.prompts, MOST_ANSWERS)


class Embedding(msgspec.Struct, frozen=True):
    """One vector, as floats or as base64 of little-endian 32-bit floats, as the provider gave it."""

    index: int
    vector: tuple[float, ...] | str


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider answered: ``relayed`` on the relay lane, ``chat`` or ``embeddings`` on the translate lane.

    ``usage`` is None where the provider reported none.
    """

    usage: TokenUsage | None
    relayed: Wire | None = None
    chat: ChatResponse | None = None
    embeddings: tuple[Embedding, ...] = ()
    finish_reason: str | None = None
    counted: int | None = None
    """Tokens of the prompt, estimated: the answer to a call that asks for nothing else (see ``counting``)."""


class Completed(msgspec.Struct, frozen=True, kw_only=True):
    """An answer with its price. ``cost`` is None only for an unpriced model under ``allow_unpriced``."""

    answer: Answer
    usage: TokenUsage
    cost: Cost | None
    requested_model: str
    provider: str
    model: str
    attempts: int
    revision: str
    call: ModelCall | None = None
    """What was asked: some forms repeat it in their answer."""
