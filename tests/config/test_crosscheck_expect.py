"""Cases that refuse a file are in ``broken``."""

from pathlib import Path

import pytest

from tornado_gateway.config.build import parse

HEAD = """\
version: 1
providers: {openai: {kind: openai}}
routes: {a: {provider: openai}}
pricing:
  unit: per_1k_tokens
  currency: USD
"""
CARDS = """\
  models:
    openai/a:
      - {input: 0.01, output: 0.02, valid_until: 2027-06-30}
      - {input: 0.02, output: 0.04, valid_from: 2027-07-01, batch: 0.5}
"""
CASES = """\
  expect:
    - {model: openai/a, usage: {prompt_tokens: 1000}, cost: "0.01", at: 2027-06-30T23:59:59Z}
    - {model: openai/a, usage: {prompt_tokens: 1000}, cost: 0.020, at: 2027-07-01}
    - {model: openai/a, usage: {prompt_tokens: 1000, service_tier: flex}, cost: 0.01, at: 2027-07-01}
"""


@pytest.mark.parametrize(
    "card",
    [
        "[{input: 0.01, output: 0.02, valid_until: 2999-01-01}, {input: 0.02, output: 0.04, valid_from: 2999-01-02}]",
        "{input: 0.01, output: 0.02, valid_until: 2999-01-01}",
        "{input: 0.01, output: 0.02, off_peak: {factor: 1, hours: 00:00-12:00}}",
    ],
)
def test_a_case_that_a_day_will_break_is_told_of(card: str) -> None:
    case = '  expect: [{model: openai/a, usage: {prompt_tokens: 1000}, cost: "0.01"}]\n'
    (warning,) = parse(f"{HEAD}{case}  models:\n    openai/a: {card}\n".encode(), Path("f"), {}).warnings
    assert str(warning).startswith("f:7:20: warning: pricing.expect[0].model: this row's price depends on the time")
    timed = case.replace("cost:", "at: 2026-01-31, cost:")
    assert parse(f"{HEAD}{timed}  models:\n    openai/a: {card}\n".encode(), Path("f"), {}).warnings == ()


def test_cases_that_come_out_say_nothing() -> None:
    assert parse((HEAD + CASES + CARDS).encode(), Path("f"), {}).warnings == ()
