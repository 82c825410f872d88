"""Cards that are refused for it are in ``broken``."""

from collections.abc import Callable

import pytest

Complaints = Callable[[str], list[str]]

HEAD = "providers: {openai: {kind: openai}}\nroutes:\n  a: {provider: openai}\npricing:\n  models:\n    openai/a: "


@pytest.mark.parametrize(
    "card",
    [
        # What real models cost: text, caches and sound of several makers.
        "{input: 0.00015, output: 0.0006, audio_input: 0.01, audio_output: 0.02}",
        "{input: 0.0003, output: 0.0012, cached_input: 0.000006}",
        "{input: 0.003, output: 0.015, cached_input: 0.0003, cache_write: 0.00375, cache_write_1h: 0.006}",
        "{input: 0.003, output: 0.015, cached_input: 0.003, reasoning: 0.015}",
        "{input: 0.01, output: 0.05, tiers: [{above: 200000, input: 0.02, output: 0.075}]}",
        "{input: 0, output: 0.01, cached_input: 0.01}",
        "{input: 0.01, output: 0.01, cached_input: 0, reasoning: 0}",
        "{input: 0.003, output: 0.015, cached_input: 0.3, confirm_unusual: true}",
    ],
)
def test_prices_that_go_with_each_other_draw_no_word(card: str, complaints: Complaints) -> None:
    assert complaints(HEAD + card) == []


@pytest.mark.parametrize(
    ("card", "said"),
    [
        (
            "{input: 0.003, output: 0.015, cached_input: 0.3}",
            "0.3 looks like a price for a million tokens beside input",
        ),
        ("{input: 0.003, output: 0.015, cached_input: 0.0000003}", "one token beside input, 0.003: say 0.0003, or"),
        ("{input: 0.0003, output: 0.0015, reasoning: 0.9}", "for a million tokens beside output, 0.0015: say 0.0009"),
        (
            "{input: 0.00015, output: 0.001, cache_write: 0.0003, cache_write_1h: 0.6}",
            "beside cache_write, 0.0003: say 0.0006",
        ),
        ("{input: 0.0003, output: 0.0015, tiers: [{above: 5, input: 0.6}]}", "million tokens beside input, 0.0003"),
        (
            "{input: 0.0003, output: 0.0015, tiers: [{above: 5, cached_input: 0.0000003}]}",
            "for one token beside input, 0.0003: say 0.0003, or confirm_unusual: true",
        ),
    ],
)
def test_a_price_in_another_unit_than_the_rest(card: str, said: str, complaints: Complaints) -> None:
    lines = [line for line in complaints(HEAD + card) if "beside" in line]
    assert len(lines) == 1
    assert said in lines[0]
    assert " warning: " not in lines[0]


def test_what_has_a_wrong_type_is_left_to_others(complaints: Complaints) -> None:
    for card in ("{input: x, output: 0.01, cached_input: 1}", "{input: true, output: 0.01, tiers: [5, {above: 1}]}"):
        assert not any("beside" in line for line in complaints(HEAD + card))
