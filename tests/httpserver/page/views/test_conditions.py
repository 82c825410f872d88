from typing import Any

import pytest

from tornado_gateway.httpserver.page.views.conditions import Condition, counted, of_route, of_target

WELL: dict[str, Any] = {
    "configured": True,
    "circuit": "closed",
    "endpoints": [{"endpoint": 0, "circuit": "closed", "retry_in": None}],
    "calls": 200,
    "failed": 0,
    "error_ratio": 0,
}


@pytest.mark.parametrize(
    ("changed", "level", "words"),
    [
        ({}, "good", "no call failed"),
        ({"failed": 4, "error_ratio": 0.02}, "good", "2 % of 200 failed"),
        ({"failed": 10, "error_ratio": 0.05}, "warn", "5 % of 200 failed"),
        ({"calls": 1, "failed": 1, "error_ratio": 1.0}, "bad", "100 % of 1 failed"),
        ({"calls": 0, "error_ratio": None}, "idle", "no calls lately"),
        ({"circuit": "half_open"}, "warn", "circuit half open: one call tries"),
        ({"circuit": "open"}, "bad", "circuit open"),
        (
            {"circuit": "open", "endpoints": [{"retry_in": 12}, {"retry_in": 4.5}, {"retry_in": None}]},
            "bad",
            "circuit open, asked again in 4.50 s",
        ),
        ({"configured": False, "circuit": None}, "off", "not configured: no provider key"),
    ],
)
def test_a_target_in_colour_and_in_words(changed: dict[str, Any], level: str, words: str) -> None:
    assert of_target(WELL | changed) == Condition(level, words)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("levels", "level", "words"),
    [
        (["good", "idle"], "good", "healthy"),
        (["idle"], "idle", "no calls lately"),
        (["good", "bad", "off"], "warn", "2 of 3 targets can't serve"),
        (["bad", "off"], "bad", "in trouble"),
        (["off", "off"], "off", "not configured"),
        (["warn", "good"], "warn", "worth a look"),
    ],
)
def test_a_route_is_as_its_targets_are_together(levels: list[Any], level: str, words: str) -> None:
    assert of_route([Condition(each, "") for each in levels]) == Condition(level, words)  # type: ignore[arg-type]


def test_one_of_a_thing_is_said_as_one() -> None:
    assert (counted(1, "call"), counted(1234, "call")) == ("1 call", "1,234 calls")
