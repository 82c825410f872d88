import asyncio
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from msgspec import structs

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
    world,
)
from tornado_gateway.domain.caching import CachePolicy, CacheUnavailable, Wish
from tornado_gateway.domain.call import Answer, Completed
from tornado_gateway.domain.context import RequestContext
from tornado_gateway.domain.errors import UpstreamFailed, UpstreamRejected, UpstreamTimeout
from tornado_gateway.domain.events import RequestFinished
from tornado_gateway.domain.money import PriceCard
from tornado_gateway.domain.policies import Fallback, Hedge, Mirror
from tornado_gateway.domain.principal import Principal
from tornado_gateway.domain.routes import Route, RouteTarget
from tornado_gateway.domain.snapshot import SnapshotHolder
from tornado_gateway.domain.stream import Finished, Relayed, StreamBatch, StreamEvent, TextDelta, UsageReport
from tornado_gateway.domain.usage import TokenUsage

SHARED = CachePolicy(60, scope="shared")
HELLO = StreamBatch((TextDelta("Hello"),))
END = StreamBatch((Finished("stop"), UsageReport(TokenUsage(12, 25))), last=True)
LONG = 30.0


class Asked(ScriptedProvider):
    """A provider whose answers wait until they are let go, and which then gives one step of its script a call."""

    def __init__(self, *script: Any, held: bool = False) -> None:
        super().__init__(script=list(script))
        self.go = asyncio.Event()
        self.waiting = 0
        if not held:
            self.go.set()

    async def complete(self, *args: Any) -> Answer:
        await self.waited()
        return await super().complete(*args)

    async def waited(self) -> None:
        self.waiting += 1
        try:
            await self.go.wait()
        finally:
            self.waiting -= 1


def cached(provider: ScriptedProvider, policy: CachePolicy | None = SHARED, **more: Any) -> World:
    route = Route("gpt-4", (RouteTarget("openai"),), cache=policy)
    return world(provider, routes=[route, *more.pop("routes", ())], **more)


def asked(made: World, *, caching: Wish = "usual", principal: str | None = None) -> RequestContext:
    who = None if principal is None else Principal(principal)
    return structs.replace(context(made.clock), caching=caching, principal=who)


async def ask(made: World, *, caching: Wish = "usual", principal: str | None = None, **members: Any) -> Completed:
    return await made.service.complete(call(**members), asked(made, caching=caching, principal=principal))


async def read(made: World, **members: Any) -> list[StreamEvent]:
    stream = made.service.stream(call(stream=True, **members), asked(made))
    try:
        await stream.open()
        return [event async for batch in stream.batches() for event in batch.events]
    finally:
        await stream.close()


def ends(made: World) -> list[RequestFinished]:
    return made.recorder.of(RequestFinished)


def outcomes(made: World) -> list[str | None]:
    return [event.cache for event in ends(made)]


def nothing_is_left(made: World) -> bool:
    return made.answers.under_way == 0 and made.snapshots.leases == 0


def text(completed: Completed) -> str:
    assert completed.answer.chat is not None
    return completed.answer.chat.choices[0].message.text


async def test_what_was_asked_before_is_answered_without_asking_anybody_and_costs_nothing() -> None:
    provider = Asked(text_answer("one"))
    made = cached(provider)
    first, second = await ask(made), await ask(made)
    assert text(first) == text(second) == "one"
    assert first.cost is not None
    assert second.cost is not None
    assert (first.cost.digits, second.cost.digits) == ("0.00186", "0")
    assert (second.provider, second.model, second.attempts) == ("openai", "gpt-4", 0)
    missed, hit = ends(made)
    assert (missed.cache, missed.saved, missed.attempts) == ("miss", None, 1)
    assert (hit.cache, hit.saved, hit.attempts, hit.status) == ("hit", Decimal("0.00186"), 0, 200)
    assert hit.usage == missed.usage == TokenUsage(12, 25)
    assert hit.finish_reason == "stop"
    assert (hit.route, hit.provider, hit.model, hit.model_label) == ("gpt-4", "openai", "gpt-4", "gpt-4")
    assert provider.asked == ["gpt-4"]
    assert nothing_is_left(made)


async def test_an_answer_without_a_price_is_a_hit_that_saves_nothing_known() -> None:
    made = cached(Asked(text_answer()), cards=(), allow_unpriced=True)
    for _ in range(2):
        await ask(made)
    missed, hit = ends(made)
    assert (missed.cost, missed.saved) == (None, None)
    assert (hit.cost and hit.cost.amount, hit.saved) == (0, 0)


async def test_a_stream_is_given_again_as_a_stream() -> None:
    provider = Asked([HELLO, StreamBatch((Relayed(b"data: {}\n\n", 1),)), END])
    made = cached(provider)
    first, second = await read(made), await read(made)
    assert first[:-1] == second[:-1]
    reports = [events[-1] for events in (first, second)]
    assert [report.usage for report in reports if isinstance(report, UsageReport)] == [TokenUsage(12, 25)] * 2
    costs = [report.cost for report in reports if isinstance(report, UsageReport)]
    assert [cost and cost.digits for cost in costs] == ["0.00186", "0"]
    missed, hit = ends(made)
    assert (missed.cache, hit.cache, hit.saved) == ("miss", "hit", Decimal("0.00186"))
    assert hit.usage == missed.usage
    assert (hit.streaming, hit.finish_reason) == (True, "stop")
    assert nothing_is_left(made)


async def test_usage_that_was_estimated_stays_what_it_was() -> None:
    made = cached(Asked([HELLO, StreamBatch((), last=True)], text_answer(usage=None)))
    await read(made)
    await read(made, model="gpt-4")
    await ask(made)
    await ask(made)
    streamed, again, whole, repeated = ends(made)
    assert streamed.usage == again.usage
    assert whole.usage == repeated.usage
    assert all(event.usage is not None and event.usage.estimated for event in ends(made))
    assert outcomes(made) == ["miss", "hit", "miss", "hit"]


async def test_images_are_counted_once_and_remembered() -> None:
    cards = [PriceCard("openai/gpt-4", Decimal("0.03"), Decimal("0.06"), image=Decimal("0.04"))]
    made = cached(Asked(text_answer(), [HELLO, END]), cards=cards)
    for _ in range(2):
        await ask(made)
        await read(made)
    whole, streamed, again, replayed = ends(made)
    assert whole.usage == again.usage
    assert streamed.usage == replayed.usage


async def test_without_a_cache_nobody_remembers_anything() -> None:
    provider = Asked(text_answer(), text_answer())
    made = cached(provider, None)
    await ask(made)
    await ask(made)
    assert len(provider.asked) == 2
    assert outcomes(made) == [None, None]


async def test_callers_have_answers_of_their_own_and_who_has_no_key_has_none() -> None:
    provider = Asked(*[text_answer(str(number)) for number in range(4)])
    made = cached(provider, CachePolicy(60))
    answers = [text(await ask(made, principal=who)) for who in ("a", "b", "a", "b", None, None)]
    assert answers == ["0", "1", "0", "1", "2", "3"]
    assert outcomes(made) == ["miss", "miss", "hit", "hit", "bypass", "bypass"]


async def test_a_caller_may_want_a_new_answer_and_it_is_kept() -> None:
    made = cached(Asked(*[text_answer(str(number)) for number in range(3)]))
    wishes: list[Wish] = ["usual", "fresh", "usual", "never", "usual"]
    answers = [text(await ask(made, caching=wish)) for wish in wishes]
    assert answers == ["0", "1", "1", "2", "1"]
    assert outcomes(made) == ["miss", "miss", "hit", "bypass", "hit"]
    assert nothing_is_left(made)


async def test_an_answer_is_kept_for_its_time_and_no_longer() -> None:
    made = cached(Asked(text_answer("0"), text_answer("1")))
    await ask(made)
    made.clock.time += 59.9
    assert text(await ask(made)) == "0"
    made.clock.time += 0.2
    assert text(await ask(made)) == "1"


async def test_a_shorter_time_in_the_file_holds_for_what_is_kept_already() -> None:
    provider = Asked(text_answer("0"), text_answer("1"))
    made = cached(provider)
    await ask(made)
    made.clock.later += 30
    route = Route("gpt-4", (RouteTarget("openai"),), cache=replace(SHARED, ttl=10))
    made.snapshots.swap(snapshot(provider, routes=[route], revision="b" * 12))
    assert text(await ask(made)) == "1"


async def test_an_age_is_told() -> None:
    made = cached(Asked(text_answer()))
    await ask(made)
    made.clock.later += 7.9
    trace = asked(made)
    await made.service.complete(call(), trace)
    assert trace.trail.cache is not None
    assert trace.trail.cache.age == 7
    made.clock.later -= 100  # another machine's clock was ahead of this one's
    trace = asked(made)
    await made.service.complete(call(), trace)
    assert trace.trail.cache is not None
    assert trace.trail.cache.age == 0


async def test_another_price_or_target_is_asked_anew_and_the_old_answer_is_still_there_behind_it() -> None:
    provider = Asked(*[text_answer(str(number)) for number in range(2)])
    made = cached(provider)
    await ask(made)
    before = made.snapshots.current
    dear = [PriceCard("openai/gpt-4", Decimal(1), Decimal(1))]
    made.snapshots.swap(snapshot(provider, routes=list(before.routes), cards=dear, revision="b" * 12))
    assert text(await ask(made)) == "1"
    made.snapshots.swap(before)
    assert text(await ask(made)) == "0"


async def test_errors_and_answers_beyond_measure_are_not_kept() -> None:
    provider = Asked(UpstreamRejected("no", status=400), text_answer("x" * 2000), text_answer())
    made = cached(provider, replace(SHARED, max_bytes=1000))
    with pytest.raises(UpstreamRejected):
        await ask(made)
    for _ in range(3):
        await ask(made)
    assert len(provider.asked) == 3
    assert outcomes(made) == ["miss", "miss", "miss", "hit"]
    assert nothing_is_left(made)


async def test_a_stream_that_breaks_off_is_not_kept() -> None:
    made = cached(Asked([HELLO, UpstreamFailed("gone")], [HELLO, END]))
    with pytest.raises(UpstreamFailed):
        await read(made)
    assert nothing_is_left(made)
    await read(made)
    assert outcomes(made) == ["miss", "miss"]


async def test_what_left_out_hints_says_so_again() -> None:
    async def drops() -> Answer:
        contexts[0].dropped.append("seed")
        return text_answer()

    made = cached(Asked(drops))
    contexts = [asked(made), asked(made)]
    for each in contexts:
        await made.service.complete(call(), each)
    assert contexts[1].dropped == ["seed"]


async def test_what_a_fallback_answered_is_kept_as_the_fallbacks() -> None:
    failing, other = ScriptedProvider("openai", [UpstreamFailed("no")]), ScriptedProvider("other", [text_answer("two")])
    routes = [
        Route("gpt-4", (RouteTarget("openai"),), cache=SHARED, fallbacks=(Fallback("b"),)),
        Route("b", (RouteTarget("other", "m"),)),
    ]
    cards = [PriceCard(f"{name}/*", Decimal(1), Decimal(1)) for name in ("openai", "other")]
    made = world(failing, other, routes=routes, cards=cards)
    first, second = await ask(made), await ask(made)
    assert text(first) == text(second) == "two"
    assert [(event.cache, event.route, event.provider, event.model) for event in ends(made)] == [
        ("miss", "b", "other", "m"),
        ("hit", "b", "other", "m"),
    ]
    assert len(failing.asked) == 1


async def test_the_quicker_one_of_two_is_kept() -> None:
    slow, quick = Asked(text_answer("slow"), held=True), ScriptedProvider("other", [text_answer("quick")])
    cards = [PriceCard(f"{name}/*", Decimal(1), Decimal(1)) for name in ("openai", "other")]
    route = Route("gpt-4", (RouteTarget("openai"), RouteTarget("other")), cache=SHARED, hedge=Hedge(after=0.01))
    made = world(slow, quick, routes=[route], cards=cards)
    assert [text(await ask(made)) for _ in range(2)] == ["quick", "quick"]
    assert (slow.waiting, outcomes(made)) == (0, ["miss", "hit"])
    assert nothing_is_left(made)


async def test_a_mirrors_copy_is_asked_for_itself() -> None:
    provider = Asked(*[text_answer()] * 3)
    routes = [
        Route("gpt-4", (RouteTarget("openai"),), mirror=Mirror("copy", 100)),
        Route("copy", (RouteTarget("openai", "gpt-4"),), cache=SHARED),
    ]
    made = world(provider, routes=routes)
    await ask(made)
    await until(lambda: len(ends(made)) == 2)
    assert sorted(str(outcome) for outcome in outcomes(made)) == ["None", "bypass"]


# Many at once


async def crowd(made: World, provider: Asked, count: int, one: Callable[[], Any]) -> list[asyncio.Future[Any]]:
    """So many that ask the same; returns once the first of them waits for the provider and the others for it."""
    tasks = [asyncio.ensure_future(one()) for _ in range(count)]
    await until(lambda: provider.waiting == 1 and made.snapshots.leases == count)
    return tasks


async def test_fifty_who_ask_the_same_at_once_make_one_call() -> None:
    provider = Asked(text_answer("one"), held=True)
    made = cached(provider)
    tasks = await crowd(made, provider, 50, lambda: ask(made))
    assert made.answers.under_way == 1
    provider.go.set()
    answers = await asyncio.gather(*tasks)
    assert {text(answer) for answer in answers} == {"one"}
    assert len(provider.asked) == 1
    assert sorted(str(outcome) for outcome in outcomes(made)) == ["hit"] * 49 + ["miss"]
    assert sum(event.cost.amount for event in ends(made) if event.cost) == Decimal("0.00186")
    assert sum(event.saved or 0 for event in ends(made)) == 49 * Decimal("0.00186")
    assert nothing_is_left(made)


async def test_fifty_streams_of_the_same_make_one_call() -> None:
    provider = Asked(held=True)
    provider.script = [[provider.waited, HELLO, END]]
    made = cached(provider)
    tasks = await crowd(made, provider, 50, lambda: read(made))
    provider.go.set()
    answers = await asyncio.gather(*tasks)
    assert all(events[0] == TextDelta("Hello") and isinstance(events[-1], UsageReport) for events in answers)
    assert len(provider.asked) == 1
    assert outcomes(made).count("hit") == 49
    assert nothing_is_left(made)


async def test_when_the_first_leaves_another_asks_for_the_rest() -> None:
    provider = Asked(text_answer("two"), held=True)
    made = cached(provider)
    tasks = await crowd(made, provider, 5, lambda: ask(made))
    tasks[0].cancel()
    await until(lambda: provider.waiting == 1 and made.snapshots.leases == 4)
    provider.go.set()
    answers = await asyncio.gather(*tasks[1:])
    assert {text(answer) for answer in answers} == {"two"}
    assert outcomes(made).count("hit") == 3
    assert [event.error for event in ends(made)].count("client_closed") == 1
    assert nothing_is_left(made)


async def test_when_the_first_leaves_in_the_middle_of_its_stream_another_asks_for_the_rest() -> None:
    provider = Asked(held=True)
    provider.script = [[HELLO, provider.waited, END], [provider.waited, HELLO, END]]
    made = cached(provider)
    tasks = await crowd(made, provider, 5, lambda: read(made))
    tasks[0].cancel()
    await until(lambda: len(provider.asked) == 2 and provider.waiting == 1)
    provider.go.set()
    answers = await asyncio.gather(*tasks[1:])
    assert all(events[0] == TextDelta("Hello") for events in answers)
    assert outcomes(made).count("hit") == 3
    assert provider.closed == 2
    assert nothing_is_left(made)


async def test_the_firsts_failure_is_its_own() -> None:
    provider = Asked(UpstreamFailed("no"), text_answer("two"), held=True)
    made = cached(provider)
    tasks = await crowd(made, provider, 5, lambda: ask(made))
    provider.go.set()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(answer) for answer in answers] == [UpstreamFailed] + [Completed] * 4
    assert len(provider.asked) == 2
    assert nothing_is_left(made)


async def test_a_stream_that_breaks_off_breaks_for_its_reader_alone() -> None:
    provider = Asked(held=True)
    provider.script = [[HELLO, provider.waited, UpstreamFailed("gone")], [HELLO, END]]
    made = cached(provider)
    tasks = await crowd(made, provider, 5, lambda: read(made))
    provider.go.set()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(answer) for answer in answers] == [UpstreamFailed] + [list] * 4
    assert len(provider.asked) == 2
    assert nothing_is_left(made)


async def test_where_the_second_fails_too_nobody_waits_in_line() -> None:
    provider = Asked(*[UpstreamRejected("no", status=400)] * 20, held=True)
    made = cached(provider)
    tasks = await crowd(made, provider, 20, lambda: ask(made))
    provider.go.set()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(answer, UpstreamRejected) for answer in answers)
    assert len(provider.asked) == 20
    assert nothing_is_left(made)


async def test_an_answer_that_is_not_to_be_kept_sets_everybody_free() -> None:
    provider = Asked(*[text_answer("x" * 2000)] * 5, held=True)
    made = cached(provider, replace(SHARED, max_bytes=1000))
    tasks = await crowd(made, provider, 5, lambda: ask(made))
    provider.go.set()
    await asyncio.gather(*tasks)
    assert len(provider.asked) == 5
    assert outcomes(made) == ["miss"] * 5
    assert nothing_is_left(made)


async def test_who_leaves_the_line_does_not_hurt_the_one_who_asks() -> None:
    provider = Asked(text_answer("one"), held=True)
    made = cached(provider)
    tasks = await crowd(made, provider, 4, lambda: ask(made))
    for task in tasks[1:3]:
        task.cancel()
    await until(lambda: made.snapshots.leases == 2)
    provider.go.set()
    assert text(await tasks[0]) == text(await tasks[3]) == "one"
    left = [event for event in ends(made) if event.error == "client_closed"]
    assert [(event.attempts, event.usage, event.cost) for event in left] == [(0, None, None)] * 2
    assert nothing_is_left(made)


async def test_who_waits_has_a_deadline_of_its_own() -> None:
    provider = Asked(text_answer("one"), held=True)
    made = cached(provider)
    tasks = await crowd(made, provider, 1, lambda: ask(made))
    hurried = asked(made)
    hurried.limits.bound(hurried.timing.received, 0.01)
    with pytest.raises(UpstreamTimeout, match=r"0\.01 seconds"):
        await made.service.complete(call(), hurried)
    assert hurried.trail.cache is not None
    assert (hurried.trail.cache.outcome, hurried.trail.route) == ("miss", "gpt-4")
    provider.go.set()
    assert text(await tasks[0]) == "one"
    assert nothing_is_left(made)


async def test_the_wait_for_another_is_no_work_of_the_gateways() -> None:
    provider = Asked(text_answer("one"), held=True)
    made = cached(provider)
    tasks = await crowd(made, provider, 2, lambda: ask(made))
    made.clock.time += LONG
    provider.go.set()
    await asyncio.gather(*tasks)
    hit = next(event for event in ends(made) if event.cache == "hit")
    assert (hit.upstream, hit.overhead) == (LONG, 0.0)


async def test_a_slow_reader_of_the_first_stream_holds_the_others_up_for_a_while_at_most() -> None:
    provider = ScriptedProvider(script=[[HELLO, HELLO, END], [HELLO, END]])
    made = cached(provider)
    slow = made.service.stream(call(stream=True), asked(made))
    await slow.open()
    batches = slow.batches()
    await anext(batches)
    follower = asyncio.ensure_future(read(made))
    await until(lambda: made.snapshots.leases == 2)
    made.clock.time += LONG
    assert (await asyncio.wait_for(follower, 3))[0] == TextDelta("Hello")
    assert len(provider.asked) == 2
    rest = [batch async for batch in batches]
    await slow.close()
    assert rest[-1].last
    assert nothing_is_left(made)


# Stores that fail


class Away:
    """A place that, once it is let go, can't be reached or has only ``found``."""

    def __init__(self, found: bytes | None = None) -> None:
        self.found = found
        self.asked = 0
        self.go = asyncio.Event()

    async def get(self, key: bytes) -> bytes | None:
        self.asked += 1
        await self.go.wait()
        if self.found is None:
            raise CacheUnavailable("away")
        return self.found

    def put(self, key: bytes, value: bytes, ttl: float) -> None:
        """It is lost."""

    async def close(self) -> None: ...


def away(found: bytes | None = None) -> Away:
    store = Away(found)
    store.go.set()
    return store


async def test_without_the_place_where_answers_are_kept_calls_go_on() -> None:
    provider = Asked(text_answer(), text_answer())
    made = cached(provider, store=away())
    await ask(made)
    await ask(made)
    assert outcomes(made) == ["bypass", "bypass"]
    assert nothing_is_left(made)


async def test_who_asks_the_same_at_once_still_makes_one_call() -> None:
    provider = Asked(text_answer("one"), held=True)
    made = cached(provider, store=away())
    tasks = await crowd(made, provider, 10, lambda: ask(made))
    provider.go.set()
    await asyncio.gather(*tasks)
    assert len(provider.asked) == 1
    assert sorted(str(outcome) for outcome in outcomes(made)) == ["bypass"] + ["hit"] * 9


async def test_bytes_that_nobody_can_read_are_no_answer() -> None:
    made = cached(Asked(text_answer()), store=away(found=b"\xff"))
    await ask(made)
    assert outcomes(made) == ["miss"]


async def test_who_leaves_while_the_place_is_asked_leaves_nothing_behind() -> None:
    store = Away()
    made = cached(Asked(text_answer("one")), store=store)
    first, second = (asyncio.ensure_future(ask(made)) for _ in range(2))
    await until(lambda: made.snapshots.leases == 2 and store.asked == 1)
    first.cancel()
    store.go.set()
    assert text(await second) == "one"
    assert [event.error for event in ends(made)] == ["client_closed", None]
    assert nothing_is_left(made)


async def test_a_gateway_that_keeps_nothing_ignores_what_its_routes_say() -> None:
    provider = Asked(text_answer(), text_answer())
    route = Route("gpt-4", (RouteTarget("openai"),), cache=SHARED)
    service = service_over(SnapshotHolder(snapshot(provider, routes=[route])), FakeClock(), Recorder())
    for _ in range(2):
        await service.complete(call(), context())
    assert len(provider.asked) == 2
