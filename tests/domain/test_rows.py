from dataclasses import replace
from decimal import Decimal

from tests.support import NOW, ScriptedProvider, call, context, text_answer, world
from tornado_gateway.domain.caching import CachePolicy
from tornado_gateway.domain.events import AttemptAbandoned, RequestFinished
from tornado_gateway.domain.money import Cost
from tornado_gateway.domain.principal import Principal
from tornado_gateway.domain.routes import Route, RouteTarget
from tornado_gateway.domain.rows import row_of, row_of_abandoned
from tornado_gateway.domain.usage import TokenUsage


async def test_a_call_that_was_answered() -> None:
    house = world(ScriptedProvider(script=[text_answer()]))
    asked = call()
    asked.metadata = {"team": "not a", "job": "nightly"}
    await house.service.complete(asked, replace(context(), principal=Principal("team-a", {"team": "a"})))
    (event,) = house.recorder.of(RequestFinished)
    row = row_of(event)
    assert (row.request_id, row.key, row.route, row.provider, row.model) == (
        "req_1",
        "team-a",
        "gpt-4",
        "openai",
        "gpt-4",
    )
    assert (row.usage, row.cost, row.status, row.attempts) == (TokenUsage(12, 25), Decimal("0.00186"), 200, 1)
    assert (row.finished_at, row.revision, row.kind) == (NOW, "aaaaaaaaaaaa", "request")
    assert row.tags == {"team": "a", "job": "nightly"}, "what a key is tagged with is not the caller's to say"
    assert row_of(event).id != row.id


async def test_a_call_that_was_answered_from_the_cache() -> None:
    route = Route("gpt-4", (RouteTarget("openai"),), cache=CachePolicy(60, scope="shared"))
    house = world(ScriptedProvider(script=[text_answer()]), routes=[route])
    for _ in range(2):
        await house.service.complete(call(), context())
    asked, kept = (row_of(event) for event in house.recorder.of(RequestFinished))
    assert (asked.cost, asked.saved) == (Decimal("0.00186"), None)
    assert (kept.cost, kept.saved, kept.usage, kept.attempts) == (0, Decimal("0.00186"), TokenUsage(12, 25), 0)


def test_the_slower_one_of_two_tries() -> None:
    event = AttemptAbandoned(
        request_id="r",
        route="fast",
        provider="openai",
        model="m",
        model_label="m",
        usage=TokenUsage(5, estimated=True),
        cost=Cost(Decimal("0.1"), estimated=True),
        revision="b",
    )
    row = row_of_abandoned(event, NOW)
    assert (row.kind, row.status, row.cost, row.finished_at) == ("abandoned", 499, Decimal("0.1"), NOW)
