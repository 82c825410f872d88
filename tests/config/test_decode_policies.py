from decimal import Decimal
from typing import Any

from tornado_gateway.config import decode_policies as policies
from tornado_gateway.config.model import EndpointSettings
from tornado_gateway.domain.policies import BreakerPolicy, Concurrency, Fallback, Hedge, Mirror, Probe, Timeouts

OPENAI = {"kind": "openai"}


def endpoints(provider: dict[str, Any]) -> list[tuple[str | None, str | None, int]]:
    return [(each.base_url, each.api_key, each.weight) for each in policies.endpoints(provider)]


def test_a_provider_without_endpoints_is_one() -> None:
    assert endpoints({**OPENAI, "base_url": "http://x", "api_key": "k\n"}) == [("http://x", "k", 1)]
    assert policies.endpoints({"kind": "echo"}) == (EndpointSettings(),)


def test_what_an_endpoint_leaves_out_is_the_providers() -> None:
    listed = [{"base_url": "http://y", "weight": 2}, {"api_key": "other"}, {}]
    assert endpoints({**OPENAI, "base_url": "http://x", "api_key": "k", "endpoints": listed}) == [
        ("http://y", "k", 2),
        ("http://x", "other", 1),
        ("http://x", "k", 1),
    ]


def test_an_endpoint_whose_key_came_out_empty_is_left_out() -> None:
    listed = [{"api_key": ""}, {"api_key": "b"}, {"api_key": " "}]
    assert endpoints({**OPENAI, "api_key": "a", "endpoints": listed}) == [(None, "b", 1)]
    assert endpoints({**OPENAI, "endpoints": [{"api_key": ""}, {"api_key": ""}]}) == [(None, None, 1)]
    places = [{"base_url": "http://x"}, {"base_url": "http://y"}]
    assert len(endpoints({"kind": "openai_compatible", "endpoints": places})) == 2


def test_timeouts_are_what_was_said() -> None:
    assert policies.timeouts({}) == Timeouts()
    said = {"connect": 5, "first_token": Decimal("0.5"), "idle": 3, "total": 600}
    assert policies.timeouts({"timeouts": said}) == Timeouts(5.0, 0.5, 3.0, 600.0)


def test_a_breaker_is_there_unless_it_is_switched_off() -> None:
    assert policies.breaker({}) == policies.breaker({"breaker": {}}) == BreakerPolicy(10, 0.5, 30.0, 20, 15.0)
    assert policies.breaker({"breaker": False}) is None
    said = {"consecutive": 2, "ratio": Decimal("0.25"), "window": 10, "minimum": 4, "cooldown": Decimal("1.5")}
    assert policies.breaker({"breaker": said}) == BreakerPolicy(2, 0.25, 10.0, 4, 1.5)


def test_places_at_a_provider_and_in_its_queue() -> None:
    assert policies.concurrency({}) is None
    assert policies.concurrency({"max_concurrency": 3}) == Concurrency(3, 100, 1.0)
    said = {"max_concurrency": 3, "queue": {"size": 0, "wait": Decimal("0.1")}}
    assert policies.concurrency(said) == Concurrency(3, 0, 0.1)


def test_fallbacks_by_name_and_by_kind_of_failure() -> None:
    assert policies.fallback("a") == policies.fallback({"route": "a"}) == Fallback("a")
    assert policies.fallback({"route": "a", "on": ["timeout"]}) == Fallback("a", frozenset({"timeout"}))


def test_a_route_without_policies_and_one_with_all() -> None:
    assert (policies.retries({}), policies.hedge({}), policies.mirror({})) == (None, None, None)
    assert policies.retries({"retry": {"attempts": 1}}) == 0
    assert policies.hedge({"hedge": {"after": "p95"}}) == Hedge(percentile=0.95)
    assert policies.hedge({"hedge": {"after": 2}}) == Hedge(after=2.0)
    assert policies.mirror({"mirror": {"route": "b", "percent": Decimal("0.5")}}) == Mirror("b", 0.5)


def test_a_probe_only_where_one_is_wanted() -> None:
    assert policies.probe({}) is None
    assert policies.probe({"health": {}}) == Probe(30.0, "/models")
    assert policies.probe({"health": {"interval": 5, "path": "/up"}}) == Probe(5.0, "/up")
