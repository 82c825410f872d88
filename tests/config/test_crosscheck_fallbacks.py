from collections.abc import Callable

import pytest

Complaints = Callable[[str], list[str]]

PROVIDERS = "providers: {echo: {kind: echo}}\npricing: {models: {'echo/*': {free: true}}}\nroutes:\n"


def test_a_fallback_twice_in_either_form(complaints: Complaints) -> None:
    text = PROVIDERS + "  a: {provider: echo, fallbacks: [b, b, {route: b, on: [timeout]}]}\n  b: {provider: echo}"
    assert complaints(text) == [
        "f:4:38: routes.a.fallbacks[1]: the fallback 'b' twice: it is tried once",
        "f:4:49: routes.a.fallbacks[2].route: the fallback 'b' twice: it is tried once",
    ]


def test_a_circle_through_a_pattern(complaints: Complaints) -> None:
    text = PROVIDERS + "  a: {provider: echo, fallbacks: [x1]}\n  'x*': {provider: echo, fallbacks: [{route: a}]}"
    assert complaints(text) == ["f:5:46: routes.x*.fallbacks[0].route: fallbacks make a circle: a -> x* -> a"]


def test_a_chain_longer_than_the_stack_is_no_circle(complaints: Complaints) -> None:
    rows = "".join(f"  r{i}: {{provider: echo, fallbacks: [r{i + 1}]}}\n" for i in range(1500))
    assert complaints(PROVIDERS + rows + "  r1500: {provider: echo}") == []


def test_two_ways_to_one_fallback_are_no_circle(complaints: Complaints) -> None:
    text = PROVIDERS + (
        "  a: {provider: echo, fallbacks: [b, c]}\n  b: {provider: echo, fallbacks: [d]}\n"
        "  c: {provider: echo, fallbacks: [d]}\n  d: {provider: echo}"
    )
    assert complaints(text) == []


def test_a_fallback_to_the_same_targets_is_odd(complaints: Complaints) -> None:
    text = PROVIDERS + (
        "  a: {targets: [{provider: echo, model: m}, {provider: echo, model: n}], fallbacks: [b]}\n"
        "  b: {provider: echo, model: m}"
    )
    assert complaints(text) == [
        "f:4:86: warning: routes.a.fallbacks[0]: adds nobody: each of its targets is one of this route's own"
    ]


def test_a_fallback_that_leads_on_to_somebody_else_is_not(complaints: Complaints) -> None:
    text = PROVIDERS + (
        "  a: {provider: echo, model: m, fallbacks: [b]}\n"
        "  b: {provider: echo, model: m, retry: {attempts: 1}, fallbacks: [c]}\n"
        "  c: {provider: echo, model: n}"
    )
    assert complaints(text) == []


def test_a_too_long_prompt_that_goes_to_the_same_model_is_odd(complaints: Complaints) -> None:
    text = PROVIDERS + (
        "  a: {provider: echo, model: m, fallbacks: [{route: b, on: [context_length]}]}\n"
        "  b: {targets: [{provider: echo, model: m}, {provider: echo, model: big}]}"
    )
    assert complaints(text) == [
        "f:4:53: warning: routes.a.fallbacks[0].route: what is too long for echo/m is too long there as well: "
        "it is one of its targets"
    ]
    assert complaints(text.replace("context_length", "timeout")) == []


@pytest.mark.parametrize(
    ("mirror", "complaint"),
    [
        ("b", None),
        ("bb", "f:4:39: routes.a.mirror.route: there is no route 'bb' (did you mean 'b'?)"),
        ("a", "f:4:39: routes.a.mirror.route: a route can't mirror itself"),
        ("c", "f:4:39: warning: routes.a.mirror.route: route 'c' has a mirror itself: a copy is not copied again"),
    ],
)
def test_mirrors(complaints: Complaints, mirror: str, complaint: str | None) -> None:
    text = PROVIDERS + (
        f"  a: {{provider: echo, mirror: {{route: {mirror}, percent: 5}}}}\n  b: {{provider: echo}}\n"
        "  c: {provider: echo, mirror: {route: b, percent: 100}}"
    )
    assert complaints(text) == ([] if complaint is None else [complaint])
