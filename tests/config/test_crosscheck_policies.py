from collections.abc import Callable

import pytest

Complaints = Callable[[str], list[str]]

TEXT = "providers: {a: {kind: openai%s}}\npricing: {models: {'a/*': {free: true}}}\nroutes:\n  r: {provider: a%s}\n"


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ("connect: 5, first_token: 30, idle: 30, total: 600", None),
        ("connect: 5", None),
        ("connect: 5, total: 5", None),
        ("connect: 5, total: 4.5", "connect: longer than total: 5 seconds never pass in 4.5"),
        ("first_token: 30, total: 10", "first_token: longer than total: 30 seconds never pass in 10"),
        ("connect: x, total: 10", None),
    ],
)
def test_no_part_is_longer_than_the_whole(complaints: Complaints, said: str, complaint: str | None) -> None:
    timeouts = f", timeouts: {{{said}}}"
    for text, place in ((TEXT % (timeouts, ""), "providers.a"), (TEXT % ("", timeouts), "routes.r")):
        found = [line.split(": ", 1)[1] for line in complaints(text)]
        assert found == ([] if complaint is None else [f"{place}.timeouts.{complaint}"])


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ("{}", None),
        ("false", None),
        ("{minimum: 1000, window: 1}", None),
        ("{minimum: x}", None),
        ("{minimum: 1}", "minimum: a share of one call: the first that fails in a quiet window opens the circuit"),
        (
            "{minimum: 1001, window: 1}",
            "minimum: 1001 calls in 1 seconds never happen: the ratio will not open the circuit",
        ),
        (
            "{window: 0.01}",
            "window: 20 calls in 0.01 seconds never happen: the ratio will not open the circuit",
        ),
    ],
)
def test_a_share_needs_calls_and_not_too_many(complaints: Complaints, said: str, complaint: str | None) -> None:
    found = [line.split(": ", 2)[2] for line in complaints(TEXT % (f", breaker: {said}", ""))]
    assert found == ([] if complaint is None else [f"providers.a.breaker.{complaint}"])


def test_a_queue_is_for_places_that_are_taken(complaints: Complaints) -> None:
    assert complaints(TEXT % (", queue: {size: 1}", "")) == [
        "f:1:31: providers.a.queue: nobody waits without a max_concurrency: say one"
    ]
    assert complaints(TEXT % (", queue: {size: 1}, max_concurrency: 1", "")) == []


def test_a_hedge_needs_a_second(complaints: Complaints) -> None:
    hedge = ", hedge: {after: p95}"
    assert complaints(TEXT % ("", hedge)) == [
        "f:4:20: warning: routes.r.hedge: nobody to hedge with: one target, one endpoint, no fallback"
    ]
    assert complaints(TEXT % (", endpoints: [{api_key: a}, {api_key: b}]", hedge)) == []
    assert complaints(TEXT % ("", hedge + ", fallbacks: [s]") + "  s: {provider: a}") == []
    assert (
        complaints(TEXT % ("", "") + "  s: {targets: [{provider: a}, {provider: a, model: m}], hedge: {after: 1}}")
        == []
    )
