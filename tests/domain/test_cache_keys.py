import json
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec import structs

from tests.support import NOW, ScriptedProvider, context, served, snapshot
from tornado_gateway.domain import routing
from tornado_gateway.domain.cache_keys import key_of
from tornado_gateway.domain.caching import CachePolicy
from tornado_gateway.domain.call import ModelCall
from tornado_gateway.domain.chat import ChatRequest
from tornado_gateway.domain.context import RequestContext
from tornado_gateway.domain.endpoints import Provider
from tornado_gateway.domain.money import PriceCard
from tornado_gateway.domain.policies import Fallback, Timeouts
from tornado_gateway.domain.principal import Principal
from tornado_gateway.domain.remembered import Remembered
from tornado_gateway.domain.routes import Route, RoutePlan, RouteTarget
from tornado_gateway.domain.wire import ANTHROPIC_MESSAGES, OPENAI_CHAT, OPENAI_RESPONSES, Wire

SHARED = CachePolicy(60, scope="shared")
CARD = PriceCard("openai/gpt-4", Decimal("0.03"), Decimal("0.06"), line=7)
ROUTE = Route("gpt-4", (RouteTarget("openai"),), cache=SHARED)


def planned(route: Route = ROUTE, *more: Route, card: PriceCard = CARD, **provider: Any) -> RoutePlan:
    made = snapshot(
        ScriptedProvider("openai"), ScriptedProvider("other"), routes=[route, *more], cards=[card], allow_unpriced=True
    )
    providers: dict[str, Provider] = {**made.providers, "openai": served(ScriptedProvider("openai"), **provider)}
    return routing.plan(replace(made, providers=providers, plans=Remembered(8)), "gpt-4", NOW)


def asked(body: str, protocol: str = OPENAI_CHAT, *, stream: bool = False) -> ModelCall:
    fields = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    return ModelCall(model="gpt-4", wire=Wire(protocol, fields), decode=_unopened, stream=stream)


def _unopened(_wire: Wire) -> ChatRequest:
    raise AssertionError("a key needs no opened request")


PLAN = planned()


def key(body: str, protocol: str = OPENAI_CHAT, *, stream: bool = False, **members: Any) -> bytes | None:
    return key_of(PLAN, asked(body, protocol, stream=stream), structs.replace(context(), **members))


@dataclass(frozen=True)
class Number:
    """By its spelling."""

    text: str


texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
numbers = st.builds(
    lambda whole, fraction, exponent: Number(f"{whole}{fraction}{exponent}"),
    st.integers(-(10**25), 10**25),
    st.sampled_from(["", ".0", ".5", ".50"]),
    st.sampled_from(["", "e2", "E2", "e+2", "e-20", "e999"]),
)
values = st.recursive(
    st.none() | st.booleans() | texts | numbers,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
documents = st.dictionaries(texts, values, max_size=4)


def written(value: Any, *, order: Any, blank: str = "") -> str:
    """JSON with its members in the order that ``order`` gives, and white space wherever it may stand."""
    match value:
        case Number():
            return value.text
        case list():
            items = (written(item, order=order, blank=blank) for item in value)
            return f"[{blank}{f'{blank},{blank}'.join(items)}{blank}]"
        case dict():
            pairs = (
                f"{json.dumps(name, ensure_ascii=False)}{blank}:{blank}{written(value[name], order=order, blank=blank)}"
                for name in order(list(value))
            )
            return f"{{{blank}{f'{blank},{blank}'.join(pairs)}{blank}}}"
    return json.dumps(value, ensure_ascii=False)


def plainly(document: Any) -> str:
    return written(document, order=lambda names: names)


@given(documents, st.randoms(use_true_random=False), st.sampled_from(["", " ", "\n\t", "  \r\n"]))
def test_order_and_white_space_make_no_difference(document: Any, chance: Any, blank: str) -> None:
    shuffled = written(document, order=lambda names: chance.sample(names, len(names)), blank=blank)
    assert key(shuffled) == key(plainly(document)) is not None


@given(documents, documents)
def test_any_other_difference_is_one(one: Any, other: Any) -> None:
    assume(plainly(one) != plainly(other))
    in_order = written(one, order=sorted), written(other, order=sorted)
    assume(in_order[0] != in_order[1])
    assert key(plainly(one)) != key(plainly(other))


@given(documents, texts, values, values)
def test_one_member_deep_inside_is_enough(document: Any, name: str, one: Any, other: Any) -> None:
    assume(written(one, order=sorted) != written(other, order=sorted))
    first, second = ({**document, "a": [{"b": {name: value}}]} for value in (one, other))
    assert key(plainly(first)) != key(plainly(second))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("0.7", "0.70"),
        ("1", "1.0"),
        ("1e2", "1E2"),
        ("0", "-0"),
        ("1", '"1"'),
        ("12345678901234567890123", "12345678901234567890124"),
        ("null", "false"),
        ("[1,2]", "[2,1]"),
        ('{"role":"user","content":"a","content":"b"}', '{"role":"user","content":"b"}'),
        ('"\\u0041"', '"A"'),
        ('"a b"', '"a  b"'),
    ],
)
def test_what_means_nearly_the_same_is_not_the_same(one: str, other: str) -> None:
    keys = {key(f'{{"model":"gpt-4","x":{value}}}') for value in (one, other)}
    assert len(keys) == 2
    assert None not in keys


def test_an_odd_spelling_is_still_found_by_whoever_writes_it_so_again() -> None:
    body = '{"messages":[{"role":"user","content":"caf\\u00e9"}]}'
    assert key(body) == key(body.replace(":[", ": [")) is not None


def test_a_stream_and_a_whole_answer_are_two_however_stream_is_spelled() -> None:
    whole = {key(body) for body in ('{"a":1}', '{"a":1,"stream":false}', '{"a":1,"stream":null}')}
    assert len(whole) == 1
    assert key('{"a":1,"stream":true}', stream=True) not in whole
    options = '{"stream":true,"stream_options":{"include_usage":true}}'
    assert key(options, stream=True) != key('{"stream":true}', stream=True)


@pytest.mark.parametrize("member", ['"user":"u"', '"metadata":{"a":"b"}', '"store":true', '"x_unknown":1'])
def test_nothing_else_is_left_out(member: str) -> None:
    assert key(f'{{"a":1,{member}}}') != key('{"a":1}')


def test_the_same_document_in_another_protocol_is_another_call() -> None:
    assert key('{"a":1}') != key('{"a":1}', ANTHROPIC_MESSAGES)


def test_headers_that_change_an_answer_count_and_those_that_tell_one_try_from_another_do_not() -> None:
    plain = key("{}")
    assert key("{}", forward={"anthropic-beta": "b"}) != plain
    assert key("{}", forward={"idempotency-key": "1"}) == plain
    assert key("{}", traceparent="00-1") == plain


@pytest.mark.parametrize("member", ['"background":true', '"conversation":"conv_1"', '"container":{"id":"c"}'])
def test_what_goes_on_at_the_provider_is_not_kept(member: str) -> None:
    assert key(f'{{"a":1,{member}}}', OPENAI_RESPONSES) is None
    name = member.split(":", maxsplit=1)[0]
    assert key(f'{{"a":1,{name}:null}}', OPENAI_RESPONSES) is not None
    assert key('{"a":1,"background":false}', OPENAI_RESPONSES) is not None


def test_a_document_that_nobody_can_read_is_not_kept() -> None:
    odd = ModelCall(model="m", wire=Wire(OPENAI_CHAT, {"a": msgspec.Raw(b'"\\ud800"')}), decode=_unopened)
    assert key_of(PLAN, odd, context()) is None
    deep = ModelCall(model="m", wire=Wire(OPENAI_CHAT, {"a": msgspec.Raw(b"[" * 10**5)}), decode=_unopened)
    assert key_of(PLAN, deep, context()) is None


def principal(name: str | None) -> RequestContext:
    return structs.replace(context(), principal=None if name is None else Principal(name))


def test_callers_share_answers_only_where_the_file_says_so() -> None:
    apart = planned(replace(ROUTE, cache=CachePolicy(60)))
    call = asked('{"a":1}')
    assert key_of(apart, call, principal(None)) is None
    keys = {key_of(apart, call, principal(name)) for name in ("a", "b", "b")}
    assert len(keys) == 2
    assert None not in keys
    assert len({key_of(PLAN, call, principal(name)) for name in (None, "a", "b")}) == 1


@pytest.mark.parametrize(
    "other",
    [
        planned(replace(ROUTE, targets=(RouteTarget("openai", "gpt-4-0613"),))),
        planned(replace(ROUTE, targets=(RouteTarget("other"),))),
        planned(replace(ROUTE, targets=(RouteTarget("openai"), RouteTarget("other")))),
        planned(replace(ROUTE, targets=(RouteTarget("openai"), RouteTarget("other")), strategy="weighted")),
        planned(replace(ROUTE, targets=(RouteTarget("openai"), RouteTarget("other", weight=2)), strategy="weighted")),
        planned(replace(ROUTE, fallbacks=(Fallback("b"),)), Route("b", (RouteTarget("other"),))),
        planned(
            replace(ROUTE, fallbacks=(Fallback("b", frozenset({"timeout"})),)), Route("b", (RouteTarget("other"),))
        ),
        planned(card=msgspec.structs.replace(CARD, output=Decimal("0.07"))),
        planned(card=msgspec.structs.replace(CARD, free=True)),
        planned(fingerprint="another address"),
    ],
)
def test_another_way_of_being_served_finds_nothing_of_the_one_before(other: RoutePlan) -> None:
    assert key_of(other, asked("{}"), context()) not in (None, key("{}"))


def test_what_changes_no_answer_changes_no_key() -> None:
    for same in (
        planned(replace(ROUTE, timeouts=Timeouts(total=5), retries=3, line=99)),
        planned(replace(ROUTE, cache=replace(SHARED, ttl=5, max_bytes=7))),
        planned(card=msgspec.structs.replace(CARD, line=8)),
        planned(ROUTE, Route("new", (RouteTarget("other"),))),
    ):
        assert key_of(same, asked("{}"), context()) == key("{}")


def test_a_price_that_ends_takes_its_answers_along() -> None:
    cards = [
        msgspec.structs.replace(CARD, valid_until=NOW + timedelta(days=1)),
        msgspec.structs.replace(CARD, valid_from=NOW + timedelta(days=1), output=Decimal(1)),
    ]
    made = snapshot(ScriptedProvider("openai"), routes=[ROUTE], cards=cards)
    plans = [routing.plan(made, "gpt-4", NOW + timedelta(days=days)) for days in (0, 2)]
    assert len({key_of(plan, asked("{}"), context()) for plan in plans}) == 2
