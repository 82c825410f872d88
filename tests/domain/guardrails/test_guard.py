"""The rules where calls go through: before anybody is asked, and behind whoever answers. What they find is told, and
paid for as ever."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.domain.guardrails.test_hooks import Hooks
from tests.guarding import MAIL, checks, pii, rule
from tests.serving import until
from tests.support import (
    FakeClock,
    Recorder,
    ScriptedProvider,
    World,
    call,
    context,
    service_over,
    snapshot,
    text_answer,
)
from tornado_gateway.domain.caching import CachePolicy
from tornado_gateway.domain.errors import (
    GatewayError,
    GuardrailDenied,
    GuardrailUnavailable,
    InvalidRequest,
    UpstreamFailed,
)
from tornado_gateway.domain.events import GuardrailVerdict, RequestFinished
from tornado_gateway.domain.guardrails.guard import Guard, is_refusal
from tornado_gateway.domain.guardrails.hooks import HookFailed, HookReply, PlacedText
from tornado_gateway.domain.guardrails.rules import Checks, HookRule, RouteGuards, SizeRule
from tornado_gateway.domain.policies import Fallback, Mirror
from tornado_gateway.domain.routes import Route, RouteTarget
from tornado_gateway.domain.shared_answers import SharedAnswers
from tornado_gateway.domain.snapshot import SnapshotHolder
from tornado_gateway.domain.stream import Finished, ReasoningDelta, StreamBatch, StreamEvent, TextDelta, UsageReport
from tornado_gateway.domain.tracing import Tracing
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.storage.memory_cache import MemoryCache

LAST = StreamBatch((Finished("stop"), UsageReport(TokenUsage(12, 25))), last=True)
ASKED = [{"role": "user", "content": f"write to {MAIL}"}]


class Guarded(World):
    """One provider behind a route with rules."""

    def __init__(
        self,
        *script: Any,
        request: Checks | None = None,
        response: Checks | None = None,
        hooks: Any = None,
        capture: bool = False,
        routes: Sequence[Route] = (),
        **more: Any,
    ) -> None:
        clock, recorder = FakeClock(), Recorder()
        self.provider = ScriptedProvider("openai", list(script))
        self.hooks = hooks or Hooks(HookReply("allow"))
        guards = RouteGuards(request, response, b"rules")
        route = Route("gpt-4", (RouteTarget("openai"),), guards=guards, **more)
        snapshots = SnapshotHolder(snapshot(self.provider, routes=[route, *routes]))
        answers = SharedAnswers(store=MemoryCache(clock, lambda: 2**24), clock=clock)
        tracing = Tracing(capture=True) if capture else None
        guard = Guard(hooks=self.hooks, publisher=recorder)
        service = service_over(snapshots, clock, recorder, None, answers, tracing, guard)
        super().__init__(snapshots, clock, recorder, service, answers)

    @property
    def verdicts(self) -> list[tuple[str, str, str, int]]:
        return [(each.rule, each.action, each.where, each.count) for each in self.recorder.of(GuardrailVerdict)]

    def finished(self) -> RequestFinished:
        """The last call's end; nothing that it was asked or told is in any event."""
        assert MAIL not in repr(list(self.recorder.events))
        assert self.snapshots.leases == 0
        found = self.recorder.of(RequestFinished)[-1]
        assert isinstance(found, RequestFinished)
        return found

    async def complete(self, **members: Any) -> str:
        completed = await self.service.complete(call(messages=ASKED, **members), context())
        assert completed.answer.chat is not None
        return completed.answer.chat.choices[0].message.text

    async def streamed(self) -> str:
        stream = self.service.stream(call(messages=ASKED, stream=True), context())
        told = ""
        try:
            await stream.open()
            async for batch in stream.batches():
                told += "".join(event.text for event in batch.events if isinstance(event, TextDelta))
        finally:
            await stream.close()
        return told

    def asked(self, number: int = -1) -> Any:
        return self.provider.calls[number].wire.get("messages")


def batches(*texts: str) -> list[StreamBatch]:
    return [*(StreamBatch((TextDelta(text),)) for text in texts), LAST]


async def test_a_request_goes_on_as_the_rules_leave_it() -> None:
    made = Guarded(text_answer(), request=checks(*pii("email")))
    await made.complete()
    assert made.asked() == [{"role": "user", "content": "write to [EMAIL]"}]
    assert made.verdicts == [("email", "redact", "messages[0].content", 1)]
    assert made.finished().status == 200


async def test_a_request_that_is_denied_reaches_nobody_and_costs_nothing() -> None:
    made = Guarded(request=checks(*pii("email", action="deny")))
    with pytest.raises(GuardrailDenied):
        await made.complete()
    with pytest.raises(GuardrailDenied):
        await made.streamed()
    event = made.finished()
    assert made.provider.calls == []
    assert (event.status, event.error, event.cost, event.attempts, event.route) == (
        400,
        "guardrail_denied",
        None,
        0,
        "gpt-4",
    )


async def test_the_rules_run_once_whoever_is_asked_in_the_end() -> None:
    other = Route("gpt-5", (RouteTarget("openai", "gpt-4"),))
    made = Guarded(
        UpstreamFailed("no"),
        text_answer(),
        request=checks(*pii("email")),
        routes=[other],
        fallbacks=(Fallback("gpt-5"),),
    )
    await made.complete()
    assert made.asked(0) == made.asked(1) == [{"role": "user", "content": "write to [EMAIL]"}]
    assert len(made.verdicts) == 1
    made.finished()


async def test_a_copy_is_of_what_the_rules_left() -> None:
    shadow = Route("shadow", (RouteTarget("openai", "gpt-4"),), guards=RouteGuards(None, checks(rule("Hello"))))
    made = Guarded(
        text_answer(), text_answer(), request=checks(*pii("email")), routes=[shadow], mirror=Mirror("shadow", 100.0)
    )
    await made.complete()
    await until(lambda: len(made.recorder.of(RequestFinished)) == 2)
    assert made.asked(0) == made.asked(1) == [{"role": "user", "content": "write to [EMAIL]"}]
    assert made.verdicts == [("email", "redact", "messages[0].content", 1)]
    await made.service.close()


async def test_an_answer_goes_out_as_the_rules_leave_it() -> None:
    made = Guarded(text_answer(f"to {MAIL}"), response=checks(*pii("email")))
    assert await made.complete() == "to [EMAIL]"
    assert made.verdicts == [("email", "redact", "choices[0].parts[0]", 1)]
    assert made.finished().cost is not None


async def test_an_answer_that_is_denied_is_paid_for() -> None:
    made = Guarded(text_answer(f"to {MAIL}"), response=checks(*pii("email", action="deny")))
    with pytest.raises(GuardrailDenied):
        await made.complete()
    event = made.finished()
    assert (event.status, event.error, event.usage) == (400, "guardrail_denied", TokenUsage(12, 25))
    assert event.cost is not None
    assert event.cost.digits == "0.00186"
    assert event.provider == "openai"


async def test_a_stream_goes_out_as_the_rules_leave_it() -> None:
    made = Guarded(batches("to bob@exa", "mple", ".org or"), response=checks(*pii("email")))
    assert await made.streamed() == "to [EMAIL] or"
    assert made.verdicts == [("email", "redact", "choices[0].text", 1)]
    event = made.finished()
    assert (event.status, event.usage) == (200, TokenUsage(12, 25))


async def test_a_stream_that_is_denied_is_paid_for_and_nobody_s_failure() -> None:
    made = Guarded(batches("to ", "bob@exa", "mple.org ", "or"), response=checks(*pii("email", action="deny")))
    with pytest.raises(GuardrailDenied):
        await made.streamed()
    event = made.finished()
    assert (event.status, event.error) == (400, "guardrail_denied")
    assert event.usage is not None
    assert event.usage.estimated
    assert event.cost is not None
    assert event.cost.amount > 0
    assert made.provider.closed == 1
    assert made.verdicts == [("email", "deny", "choices[0].text", 1)]


async def test_what_is_found_at_the_very_end_of_a_stream_is_denied_too() -> None:
    made = Guarded(batches("to ", MAIL), response=checks(*pii("email", action="deny")))
    with pytest.raises(GuardrailDenied):
        await made.streamed()
    event = made.finished()
    assert (event.status, event.usage) == (400, TokenUsage(12, 25))


@pytest.mark.parametrize(
    "rest",
    [
        [StreamBatch((TextDelta("bob"),), error=UpstreamFailed("no"))],
        [StreamBatch((TextDelta("bob"),)), UpstreamFailed("no")],
        [StreamBatch((TextDelta("bob"),))],
    ],
)
async def test_what_came_before_an_error_is_not_lost_with_it(rest: list[Any]) -> None:
    made = Guarded([StreamBatch((TextDelta("to "),)), *rest], response=checks(*pii("email")))
    stream = made.service.stream(call(stream=True), context())
    await stream.open()
    told: list[StreamEvent] = []
    with pytest.raises(UpstreamFailed):
        async for batch in stream.batches():
            told += batch.events
    await stream.close()
    assert told == [TextDelta("to "), TextDelta("bob")]
    assert (made.finished().status, made.provider.closed) == (502, 1)


async def test_what_was_held_back_before_an_error_is_denied_like_any_other() -> None:
    made = Guarded(
        [StreamBatch((TextDelta(f"to {MAIL}"),)), UpstreamFailed("no")],
        response=checks(*pii("email", action="deny")),
    )
    with pytest.raises(GuardrailDenied):
        await made.streamed()
    assert made.finished().error == "guardrail_denied"


@pytest.mark.parametrize(("kind", "thought"), [("anthropic", f"{MAIL} "), ("", "[EMAIL] ")])
async def test_thoughts_that_a_provider_proves_stay(kind: str, thought: str) -> None:
    made = Guarded([StreamBatch((ReasoningDelta(f"{MAIL} "), TextDelta("Hi"))), LAST], response=checks(*pii("email")))
    held = made.snapshots.current
    made.snapshots.swap(replace(held, providers={"openai": replace(held.providers["openai"], kind=kind)}))
    stream = made.service.stream(call(stream=True), context())
    await stream.open()
    told = [event async for batch in stream.batches() for event in batch.events]
    await stream.close()
    assert told[0] == ReasoningDelta(thought)


async def test_what_is_kept_is_what_the_rules_let_pass_and_a_hit_goes_through_them_again() -> None:
    made = Guarded(
        text_answer(f"to {MAIL}"),
        batches("to ", MAIL),
        response=checks(*pii("email"), rule("to", "flag", name="seen")),
        cache=CachePolicy(60.0, "shared"),
    )
    for _ in range(2):
        assert await made.complete() == "to [EMAIL]"
        assert await made.streamed() == "to [EMAIL]"
    assert len(made.provider.calls) == 2
    assert [event.cache for event in made.recorder.of(RequestFinished)] == ["miss", "miss", "hit", "hit"]
    found = Counter((name, action) for name, action, _, _ in made.verdicts)
    assert found == {("email", "redact"): 2, ("seen", "flag"): 4}


async def test_an_answer_that_is_denied_is_not_kept() -> None:
    rules = checks(*pii("email", action="deny"))
    made = Guarded(
        text_answer(MAIL),
        text_answer(MAIL),
        batches(MAIL),
        batches(MAIL),
        response=rules,
        cache=CachePolicy(60.0, "shared"),
    )
    for ask in (made.complete, made.complete, made.streamed, made.streamed):
        with pytest.raises(GuardrailDenied):
            await ask()
    assert len(made.provider.calls) == 4
    assert made.answers.under_way == 0


async def test_other_rules_do_not_find_what_was_kept_under_these() -> None:
    made = Guarded(
        text_answer(f"to {MAIL}"),
        text_answer(f"to {MAIL}"),
        response=checks(*pii("email")),
        cache=CachePolicy(60.0, "shared"),
    )
    await made.complete()
    route = Route("gpt-4", (RouteTarget("openai"),), cache=CachePolicy(60.0, "shared"))
    made.snapshots.swap(snapshot(made.provider, routes=[route]))
    assert await made.complete() == f"to {MAIL}"


async def test_a_hook_hears_what_the_rules_left_and_may_say_it_otherwise() -> None:
    hooks = Hooks(HookReply("redact", None, [PlacedText("messages[0].content", "other")]))
    made = Guarded(text_answer(), request=checks(*pii("email"), HookRule("hook", "http://a")), hooks=hooks)
    await made.complete()
    assert made.asked() == [{"role": "user", "content": "other"}]
    (question,) = hooks.asked
    assert (question.direction, question.route, question.stream) == ("request", "gpt-4", False)
    assert list(question.texts) == [PlacedText("messages[0].content", "write to [EMAIL]")]


async def test_a_hook_leaves_a_thought_that_is_proved() -> None:
    hooks = Hooks(HookReply("redact", None, [PlacedText("messages[0].content[0].thinking", "other")]))
    made = Guarded(text_answer(), request=checks(HookRule("hook", "http://a")), hooks=hooks)
    said = [{"role": "assistant", "content": [{"type": "thinking", "thinking": "so", "signature": "s"}]}]
    await made.service.complete(call(messages=said), context())
    assert made.asked() == said


async def test_a_hook_hears_an_answer() -> None:
    hooks = Hooks(HookReply("redact", None, [PlacedText("choices[0].parts[0]", "other")]))
    made = Guarded(text_answer(), response=checks(HookRule("hook", "http://a")), hooks=hooks)
    assert await made.complete() == "other"
    hooks.answer = HookFailed("status 500")
    made.provider.script.append(text_answer())
    with pytest.raises(GuardrailUnavailable):
        await made.complete()
    event = made.finished()
    assert (event.status, event.error) == (503, "guardrail_unavailable")
    assert event.cost is not None


async def test_a_hook_hears_a_stream_at_its_end() -> None:
    hooks = Hooks(HookReply("deny", "Never."))
    made = Guarded(batches("to ", "nobody"), response=checks(HookRule("hook", "http://a")), hooks=hooks)
    with pytest.raises(GuardrailDenied, match="Never"):
        await made.streamed()
    (question,) = hooks.asked
    assert (question.stream, list(question.texts)) == (True, [PlacedText("choices[0].text", "to nobody")])
    assert (made.finished().status, made.finished().usage) == (400, TokenUsage(12, 25))


async def test_what_is_captured_is_what_the_rules_left() -> None:
    made = Guarded(
        text_answer(f"to {MAIL}"),
        batches(f"to {MAIL} "),
        request=checks(*pii("email")),
        response=checks(*pii("email")),
        capture=True,
    )
    await made.complete()
    await made.streamed()
    for event in made.recorder.of(RequestFinished):
        assert event.trace is not None
        captured = event.trace.captured
        assert captured is not None
        assert captured.call is not None
        assert captured.call.wire.get("messages") == [{"role": "user", "content": "write to [EMAIL]"}]
        assert MAIL not in repr((captured.answer, captured.events))
        assert "to [EMAIL]" in repr((captured.answer, captured.events))


async def test_of_a_request_that_is_denied_nothing_is_captured() -> None:
    made = Guarded(request=checks(SizeRule("size", "deny", max_prompt_chars=1)), capture=True)
    with pytest.raises(GuardrailDenied):
        await made.complete()
    trace = made.finished().trace
    assert trace is not None
    assert trace.captured is not None
    assert trace.captured.call is None


async def test_an_error_of_the_guard_s_own_is_the_gateway_s() -> None:
    made = Guarded(text_answer(), response=checks(HookRule("hook", "http://a")), hooks=Hooks(RuntimeError("odd")))
    with pytest.raises(GatewayError) as raised:
        await made.complete()
    assert raised.value.code == "internal_error"


def test_what_a_rule_ends() -> None:
    assert is_refusal(GuardrailDenied("no"))
    assert is_refusal(GuardrailUnavailable("no"))
    assert not is_refusal(InvalidRequest("no"))
