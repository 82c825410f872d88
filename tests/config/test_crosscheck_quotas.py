from collections.abc import Callable

import pytest

Complaints = Callable[[str], list[str]]

SHARED = "state: {url: 'redis://host:6379/0'}\n"
TOLD = "would count for itself: say state.url redis://host:6379/0, or server.workers 1"


def of_counting(lines: list[str]) -> list[str]:
    return [line for line in lines if TOLD in line]


@pytest.mark.parametrize(
    ("bounds", "where"),
    [
        ("limits: {concurrent: 1}", "f:2:1: limits"),
        ("tag_limits: [{tag: {team: a}, concurrent: 1}]", "f:2:14: tag_limits[0]"),
        ("budgets: [{tag: {team: a}, amount: 1, period: day}]", "f:2:11: budgets[0]"),
        ("routes: {r: {provider: p, limits: {concurrent: 1}}}", "f:2:27: routes.r.limits"),
        ("routes: {r: {provider: p, budget: {amount: 1, period: day}}}", "f:2:27: routes.r.budget"),
        ("auth: {keys: [{id: a}, {id: b, limits: {concurrent: 1}}]}", "f:2:32: auth.keys[1].limits"),
        ("auth: {keys: [{id: a, budget: {amount: 1, period: day}}]}", "f:2:23: auth.keys[0].budget"),
    ],
)
def test_what_each_worker_would_count_for_itself(complaints: Complaints, bounds: str, where: str) -> None:
    for workers in ("2", "auto"):
        (line,) = of_counting(complaints(f"server: {{workers: {workers}}}\n{bounds}"))
        assert line.startswith(f"{where}: each ")
        assert of_counting(complaints(f"server: {{workers: {workers}}}\n{bounds}\n{SHARED}")) == []
    assert of_counting(complaints(f"server: {{workers: 1}}\n{bounds}")) == []
    assert of_counting(complaints(f"version: 1\n{bounds}")) == []


def test_several_workers_that_bound_nothing(complaints: Complaints) -> None:
    assert of_counting(complaints("server: {workers: 4}\nlimits:\nroutes: {r: {provider: p}}")) == []


def test_the_zone_of_a_key(complaints: Complaints) -> None:
    (line,) = complaints("auth: {required: true, keys: [{id: a, budget: {amount: 1, period: day, time_zone: Mars}}]}")
    assert line == "f:1:83: auth.keys[0].budget.time_zone: there is no time zone 'Mars'"


@pytest.mark.parametrize(
    "text",
    [
        "limits: 3",
        "budgets: 7",
        "budgets: [x, {tag: 3}]",
        "tag_limits: [{tag: {team: [a]}}]",
        "auth: {required: true, keys: 3}",
        "[]",
    ],
)
def test_of_a_wrong_shape_the_schema_has_its_say(complaints: Complaints, text: str) -> None:
    assert complaints(text) == []


def test_amounts_of_nano_dollars(complaints: Complaints) -> None:
    assert complaints("budgets: [{tag: {team: a}, amount: 0.000000001, period: day}]") == []
    assert complaints("budgets: [{tag: {team: a}, amount: 1e6, period: day}]") == []
    (line,) = complaints("budgets: [{tag: {team: a}, amount: 1e-400, period: day}]")
    assert line == "f:1:36: budgets[0].amount: at most 9 digits behind its point"


def test_the_zone_of_a_token_s_bearer(complaints: Complaints) -> None:
    (line,) = [
        line
        for line in complaints("auth: {required: true, jwt: {budget: {amount: 1, period: day, time_zone: Mars}}}")
        if "zone" in line
    ]
    assert "auth.jwt.budget.time_zone: there is no time zone 'Mars'" in line


def test_keys_of_the_store_may_have_limits_that_nobody_sees_here(complaints: Complaints) -> None:
    text = "server: {workers: 2}\nauth: {required: true, store: true}\n"
    (line,) = [line for line in complaints(text) if "of these keys" in line]
    assert line.startswith("f:2:31: warning: auth.store: each worker counts")
    assert not [line for line in complaints(text + SHARED) if "of these keys" in line]
