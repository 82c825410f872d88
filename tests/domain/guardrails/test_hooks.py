from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.guarding import counts, tally
from tornado_gateway.domain.errors import GuardrailDenied, GuardrailUnavailable
from tornado_gateway.domain.guardrails.hooks import HookFailed, HookQuestion, HookReply, PlacedText, heard, placed
from tornado_gateway.domain.guardrails.rules import HookRule

OPEN, CLOSED = HookRule("hook", "http://a", fail="open"), HookRule("hook", "http://a")


@dataclass
class Hooks:
    """Answers as it is told, and remembers what it was asked."""

    answer: Any
    asked: list[HookQuestion] = field(default_factory=list)

    async def ask(self, rule: HookRule, question: HookQuestion) -> HookReply:
        self.asked.append(question)
        if isinstance(self.answer, Exception):
            raise self.answer
        assert isinstance(self.answer, HookReply)
        return self.answer


def question(*, stream: bool = False) -> HookQuestion:
    return HookQuestion(
        request_id="req_1",
        direction="request",
        route="gpt-4",
        model="gpt-4",
        stream=stream,
        texts=placed([("messages[0].content", "Hello")]),
    )


async def test_it_may_let_everything_pass() -> None:
    seen = tally()
    assert await heard(Hooks(HookReply("allow")), CLOSED, question(), seen) == {}
    assert counts(seen) == {}


async def test_it_may_flag() -> None:
    seen = tally()
    assert await heard(Hooks(HookReply("flag")), CLOSED, question(), seen) == {}
    assert counts(seen) == {("hook", "flag", "messages[0].content"): 1}


async def test_it_may_refuse_in_its_own_words() -> None:
    with pytest.raises(GuardrailDenied, match=r"Not so. \(guardrail 'hook' at the call\)"):
        await heard(Hooks(HookReply("deny", "Not so.")), CLOSED, question(), tally())


async def test_it_may_say_texts_otherwise() -> None:
    seen, words = tally(), [PlacedText("messages[0].content", "Hi")]
    said = await heard(Hooks(HookReply("redact", None, words)), CLOSED, question(), seen)
    assert said == {"messages[0].content": "Hi"}
    assert counts(seen) == {("hook", "redact", "messages[0].content"): 1}


async def test_what_has_gone_out_can_only_be_refused() -> None:
    words = [PlacedText("messages[0].content", "Hi")]
    with pytest.raises(GuardrailDenied):
        await heard(Hooks(HookReply("redact", None, words)), CLOSED, question(stream=True), tally("response"))


async def test_no_answer() -> None:
    seen = tally()
    assert await heard(Hooks(HookFailed("status 500")), OPEN, question(), seen) == {}
    with pytest.raises(GuardrailUnavailable, match="Guardrail 'hook' can't be asked: status 500") as raised:
        await heard(Hooks(HookFailed("status 500")), CLOSED, question(), seen)
    assert (raised.value.status, raised.value.code) == (503, "guardrail_unavailable")
    assert counts(seen) == {("hook", "failed_open", "status 500"): 1, ("hook", "failed_closed", "status 500"): 1}


@pytest.mark.parametrize("words", [[], [PlacedText("messages[1].content", "Hi")]])
async def test_who_redacts_and_does_not_say_what_gave_no_answer(words: list[PlacedText]) -> None:
    reply = HookReply("redact", None, words)
    with pytest.raises(GuardrailUnavailable):
        await heard(Hooks(reply), CLOSED, question(), tally())
    assert await heard(Hooks(reply), OPEN, question(), tally()) == {}
