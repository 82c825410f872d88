"""Somebody outside who is asked about a call's texts: the question, the answer, and the port between."""

from collections.abc import Iterable, Sequence
from typing import Literal, Protocol, runtime_checkable

import msgspec

from tornado_gateway.domain.errors import GuardrailUnavailable
from tornado_gateway.domain.guardrails.rules import Direction, HookRule
from tornado_gateway.domain.guardrails.verdicts import Tally


class PlacedText(msgspec.Struct, frozen=True):
    path: str
    text: str


class HookQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """``stream``: the answer has gone out already, so that it can be refused and not changed."""

    request_id: str
    direction: Direction
    route: str
    model: str
    stream: bool
    texts: Sequence[PlacedText]


class HookReply(msgspec.Struct, frozen=True):
    """``message`` is the caller's to see where it denies; ``replacements`` are texts by their paths."""

    action: Literal["allow", "deny", "redact", "flag"]
    message: str | None = None
    replacements: Sequence[PlacedText] = ()


class HookFailed(Exception):
    """No answer, or none that is one; ``reason`` holds nothing of what was asked."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@runtime_checkable
class HookClient(Protocol):
    async def ask(self, rule: HookRule, question: HookQuestion) -> HookReply:
        """Raises ``HookFailed``, after the rule's deadline at the latest."""


async def heard(client: HookClient, rule: HookRule, question: HookQuestion, tally: Tally) -> dict[str, str]:
    """The texts that the hook wants otherwise, by path. Raises ``GuardrailDenied``; ``GuardrailUnavailable`` where it
    gave no answer and the rule fails closed."""
    try:
        reply = await client.ask(rule, question)
        if reply.action == "redact" and not question.stream:
            _check_places(reply, question)
    except HookFailed as failed:
        tally.add(rule, f"failed_{rule.fail}", failed.reason)
        if rule.fail == "open":
            return {}
        raise GuardrailUnavailable(f"Guardrail {rule.name!r} can't be asked: {failed.reason}.") from failed
    if reply.action == "deny":
        raise tally.refuse(rule, "", reply.message)
    if reply.action == "flag":
        tally.add(rule, "flag", _first(question.texts))
    if reply.action != "redact":
        return {}
    words = {said.path: said.text for said in reply.replacements}
    if question.stream:
        raise tally.refuse(rule, "", reply.message)
    if words:
        tally.add(rule, "redact", _first(reply.replacements), len(words))
    return words


def _check_places(reply: HookReply, question: HookQuestion) -> None:
    """Whoever wants something changed and does not say what has not had its way, and is not to think so."""
    known = {text.path for text in question.texts}
    if not reply.replacements:
        raise HookFailed("it redacts and gives no replacement")
    if not all(said.path in known for said in reply.replacements):
        raise HookFailed("it replaces a text that was not asked about")


def placed(texts: Iterable[tuple[str, str]]) -> list[PlacedText]:
    return [PlacedText(path, text) for path, text in texts]


def _first(texts: Sequence[PlacedText]) -> str:
    return texts[0].path if texts else ""
