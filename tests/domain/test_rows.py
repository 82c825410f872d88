from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from msgspec import structs

from tests.support import NOW, ScriptedProvider, call, context, finished, text_answer, world
from tornado_gateway.domain.caching import CachePolicy
from tornado_gateway.domain.errors import UpstreamFailed
from tornado_gateway.domain.events import AttemptAbandoned, RequestFinished
from tornado_gateway.domain.money import Cost
from tornado_gateway.domain.principal import Principal
from tornado_gateway.domain.receipt import decode
from tornado_gateway.domain.routes import Route, RouteTarget
from tornado_gateway.domain.rows import row_of, row_of_abandoned
from tornado_gateway.domain.usage import TokenUsage


async def test_a_call_that_was_answered() -> None:
    house = world(ScriptedProvider(script=[text_answer()]))
    asked = call()
    asked.metadata = {"team": "not a", "job": "nightly"}
    await house.service.complete(asked, structs.replace(context(), principal=Principal("team-a", {"team": "a"})))
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
    assert row.receipt is not None
    receipt = decode(row.receipt)
    assert (receipt.revision, receipt.row, receipt.total) == ("aaaaaaaaaaaa", "openai/gpt-4", row.cost)
    assert [(item.bucket, item.count) for item in receipt.items] == [("input", 12), ("output", 25)]


async def test_a_call_without_a_price_has_no_receipt() -> None:
    house = world(ScriptedProvider(script=[UpstreamFailed("Broken.")]))
    with pytest.raises(UpstreamFailed):
        await house.service.complete(call(), context())
    (event,) = house.recorder.of(RequestFinished)
    row = row_of(event)
    assert (row.cost, row.receipt, row.status) == (None, None, 502)


async def test_a_call_that_was_answered_from_the_cache() -> None:
    route = Route("gpt-4", (RouteTarget("openai"),), cache=CachePolicy(60, scope="shared"))
    house = world(ScriptedProvider(script=[text_answer()]), routes=[route])
    for _ in range(2):
        await house.service.complete(call(), context())
    asked, kept = (row_of(event) for event in house.recorder.of(RequestFinished))
    assert (asked.cost, asked.saved) == (Decimal("0.00186"), None)
    assert (kept.cost, kept.saved, kept.usage, kept.attempts) == (0, Decimal("0.00186"), TokenUsage(12, 25), 0)


def test_a_mirrors_copy_is_no_request_of_its_callers() -> None:
    assert (row_of(finished()).kind, row_of(finished(mirrored=True)).kind) == ("request", "mirror")


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
    assert row.receipt is not None
    assert decode(row.receipt).estimated


def test_a_callers_and_a_providers_words_have_a_bound() -> None:
    row = row_of(finished(requested_model="m" * 9999, model="n" * 9999, error="e" * 999, finish_reason="f" * 999))
    assert (row.requested_model, row.model) == ("m" * 256, "n" * 256)
    assert (row.error, row.finish_reason) == ("e" * 64, "f" * 64)
    many = {f"{number:03d}": "v" * 9999 for number in range(100)}
    row = row_of(finished(tags={"team": "a", "001": "own"}, metadata=many))
    assert list(row.tags)[:4] == ["team", "001", "000", "002"], "the key's own come first"
    assert (len(row.tags), row.tags["001"], len(row.tags["002"])) == (64, "own", 512)


def test_what_no_database_takes_is_replaced() -> None:
    row = row_of(finished(requested_model="a\0b\ud800é", metadata={"n\0": "\udfff"}))
    assert (row.requested_model, row.tags) == ("a\ufffdb?é", {"n\ufffd": "?"})


def test_ids_are_of_one_length_and_sort_by_time() -> None:
    times = [datetime(1970, 1, 1, tzinfo=UTC), NOW, NOW + timedelta(microseconds=1), datetime(9999, 1, 1, tzinfo=UTC)]
    ids = [row_of(finished(finished_at=at)).id for at in times]
    assert sorted(ids) == ids
    assert {len(each) for each in ids} == {32}
