import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest
from msgspec import structs

from tests.support import ScriptedProvider, World, call, context, snapshot, text_answer, world
from tornado_gateway.domain.call import Answer, ModelCall
from tornado_gateway.domain.chat import ChatResponse, Choice, Message, Part, Reasoning, Text, ToolCall
from tornado_gateway.domain.context import RequestContext
from tornado_gateway.domain.errors import (
    InternalError,
    InvalidRequest,
    ModelNotAllowed,
    ModelNotFound,
    ProviderNotConfigured,
    UpstreamFailed,
    UpstreamRateLimited,
)
from tornado_gateway.domain.events import RequestFinished, RequestStarted
from tornado_gateway.domain.guardrails.rules import Checks, RouteGuards
from tornado_gateway.domain.policies import Mirror
from tornado_gateway.domain.principal import Principal
from tornado_gateway.domain.routes import Route, RoutePlan, RouteTarget
from tornado_gateway.domain.usage import TokenUsage


def finished(made: World) -> RequestFinished:
    """The one end of the one call: nothing is published twice or not at all."""
    assert len(made.recorder.of(RequestStarted)) == 1
    (event,) = made.recorder.of(RequestFinished)
    assert made.snapshots.leases == 0
    return event  # type: ignore[no-any-return]


async def test_an_answer_is_priced_and_published_once() -> None:
    made = world(ScriptedProvider(script=[text_answer()]))
    completed = await made.service.complete(call(), context())
    assert completed.cost is not None
    assert completed.cost.digits == "0.00186"
    assert (completed.provider, completed.model, completed.attempts) == ("openai", "gpt-4", 1)
    event = finished(made)
    assert (event.status, event.error, event.route, event.provider, event.model_label) == (
        200,
        None,
        "gpt-4",
        "openai",
        "gpt-4",
    )
    assert event.cost == completed.cost
    assert event.revision == completed.revision == "aaaaaaaaaaaa"


async def test_a_call_ends_under_the_revision_that_it_began_with() -> None:
    async def swap_meanwhile() -> object:
        dear = snapshot(ScriptedProvider(), revision="b" * 12, cards=())
        made.snapshots.swap(dear)
        return text_answer()

    made = world(ScriptedProvider(script=[swap_meanwhile]))
    completed = await made.service.complete(call(), context())
    assert completed.revision == "aaaaaaaaaaaa"
    assert completed.cost is not None
    assert made.snapshots.current.revision == "b" * 12
    finished(made)


async def test_usage_that_nobody_reported_is_estimated_and_marked() -> None:
    made = world(ScriptedProvider(script=[text_answer("x" * 40, usage=None)]))
    completed = await made.service.complete(call(), context())
    assert completed.usage.estimated
    assert completed.usage.output == 10
    assert completed.usage.input > 0
    assert completed.cost is not None
    assert completed.cost.estimated


async def test_an_unpriced_model_has_no_cost_and_not_zero() -> None:
    made = world(ScriptedProvider(script=[text_answer()]), cards=(), allow_unpriced=True)
    assert (await made.service.complete(call(), context())).cost is None
    assert finished(made).cost is None


@pytest.mark.parametrize("error", [UpstreamFailed("no"), InvalidRequest("no", param="top_k")])
async def test_an_error_is_published_and_raised(error: Exception) -> None:
    made = world(ScriptedProvider(script=[error]))
    with pytest.raises(type(error)):
        await made.service.complete(call(), context())
    event = finished(made)
    assert (event.status, event.error, event.cost) == (error.status, error.code, None)  # type: ignore[attr-defined]


async def test_an_unknown_model_counts_under_no_label_of_the_callers() -> None:
    made = world(ScriptedProvider())
    with pytest.raises(ModelNotFound):
        await made.service.complete(call("evil\nname"), context())
    event = finished(made)
    assert (event.route, event.provider, event.model_label) == ("unknown", "unknown", "unknown")


async def test_a_call_that_is_refused_is_its_route_s_all_the_same() -> None:
    made = world(ScriptedProvider(configured=False))
    with pytest.raises(ProviderNotConfigured):
        await made.service.complete(call(), context())
    event = finished(made)
    assert (event.route, event.provider, event.model_label) == ("gpt-4", "unknown", "unknown")


async def test_what_nobody_foresaw_is_an_internal_error_with_its_cause() -> None:
    made = world(ScriptedProvider(script=[ZeroDivisionError("sk-planted")]))
    with pytest.raises(InternalError) as failed:
        await made.service.complete(call(), context())
    assert "sk-planted" not in failed.value.message
    assert isinstance(failed.value.__cause__, ZeroDivisionError)
    assert finished(made).status == 500


async def test_a_cancelled_call_is_priced_by_estimate() -> None:
    entered = asyncio.Event()

    async def forever() -> object:
        entered.set()
        await asyncio.Event().wait()
        raise AssertionError

    made = world(ScriptedProvider(script=[forever]))
    task = asyncio.ensure_future(made.service.complete(call(), context()))
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    event = finished(made)
    assert (event.status, event.error) == (499, "client_closed")
    assert event.usage is not None
    assert event.usage.estimated
    assert event.cost is not None
    assert event.cost.amount > Decimal(0)


async def test_who_leaves_while_the_answer_is_looked_at_has_used_what_it_took(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = asyncio.Event()

    async def enter(call: ModelCall, plan: RoutePlan, *_: object) -> tuple[ModelCall, RoutePlan]:
        return call, replace(plan, guards=RouteGuards(request=None, response=Checks()))

    async def looks(*_: object) -> object:
        looked.set()
        await asyncio.Event().wait()
        raise AssertionError

    made = world(ScriptedProvider(script=[text_answer(usage=TokenUsage(10_000, 5000))]))
    monkeypatch.setattr(made.service, "_enter", enter)
    monkeypatch.setattr(made.service, "_guarded", looks)
    task = asyncio.ensure_future(made.service.complete(call(), context()))
    await looked.wait()
    task.cancel()
    await asyncio.wait([task])
    event = finished(made)
    assert (event.status, event.usage) == (499, TokenUsage(10_000, 5000))
    assert event.cost is not None
    assert event.cost.amount == Decimal("0.6")


async def test_who_leaves_in_the_pause_before_another_try_owes_nothing() -> None:
    made = world(ScriptedProvider(script=[UpstreamRateLimited("later")], retries=1))
    paused = asyncio.Event()

    async def sleep(seconds: float) -> None:
        paused.set()
        await asyncio.Event().wait()

    made.clock.sleep = sleep  # type: ignore[method-assign]
    task = asyncio.ensure_future(made.service.complete(call(), context()))
    await paused.wait()
    task.cancel()
    await asyncio.wait([task])
    event = finished(made)
    assert (event.status, event.attempts, event.usage, event.cost) == (499, 1, None, None)


async def test_overhead_is_what_was_not_the_providers() -> None:
    provider = ScriptedProvider()
    made = world(provider)
    asked: RequestContext = context(made.clock)

    async def answer() -> object:
        made.clock.time += 2.0
        asked.timing.upstream += 1.5
        return text_answer(usage=TokenUsage(1, 1))

    provider.script.append(answer)
    await made.service.complete(call(), asked)
    event = finished(made)
    assert (event.duration, event.upstream, event.overhead) == (2.0, 1.5, 0.5)


def test_who_is_turned_away_before_the_plan_is_counted_too() -> None:
    made = world(ScriptedProvider())
    made.service.refused(InvalidRequest("no"), context())
    event = finished(made)
    assert (event.status, event.route, event.revision) == (400, "unknown", "aaaaaaaaaaaa")


async def test_an_estimate_counts_bytes_and_all_that_was_said() -> None:
    parts = (Reasoning("hm!!"), Text("é" * 4), ToolCall("1", "f" * 4, "{" * 8))
    chat = ChatResponse(id="i", model="m", choices=(_choice(parts),))
    made = world(ScriptedProvider(script=[Answer(usage=None, chat=chat), Answer(usage=None)]))
    completed = await made.service.complete(call(), context())
    assert completed.usage.output == (4 + 8 + 4 + 8) // 4
    assert (await made.service.complete(call(), context())).usage.output == 0


def _choice(parts: tuple[Part, ...]) -> Choice:
    return Choice(index=0, message=Message(role="assistant", parts=parts), finish_reason="stop")


async def test_a_model_that_the_key_may_not_use_is_asked_of_nobody() -> None:
    provider, mirror = ScriptedProvider(script=[text_answer()]), ScriptedProvider("mirror")
    routes = [
        Route("gpt-4", (RouteTarget("openai"),), mirror=Mirror("copy", 100)),
        Route("copy", (RouteTarget("mirror", "gpt-4"),)),
    ]
    made = world(provider, mirror, routes=routes)
    stranger = structs.replace(context(), principal=Principal("team-a", tags={"team": "a"}, models=("o1",)))
    with pytest.raises(ModelNotAllowed):
        await made.service.complete(call(), stranger)
    await asyncio.sleep(0)
    assert (provider.asked, mirror.asked) == ([], [])
    event = finished(made)
    assert (event.status, event.error) == (403, "model_not_allowed")
    assert (event.principal, event.tags) == ("team-a", {"team": "a"})


async def test_the_name_that_the_caller_used_is_what_counts() -> None:
    provider, mirror = ScriptedProvider(script=[text_answer()]), ScriptedProvider("mirror", script=[text_answer()])
    routes = [
        Route("fast", (RouteTarget("openai", "gpt-4"),), mirror=Mirror("copy", 100)),
        Route("copy", (RouteTarget("mirror", "gpt-4"),)),
    ]
    made = world(provider, mirror, routes=routes)
    await made.service.complete(
        call("fast"), structs.replace(context(), principal=Principal("team-a", models=("fast",)))
    )
    for _ in range(10):
        await asyncio.sleep(0)
    assert (provider.asked, mirror.asked) == (["gpt-4"], ["gpt-4"])
    assert {event.status for event in made.recorder.of(RequestFinished)} == {200}
