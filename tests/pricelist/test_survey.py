from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from genai_prices.types import (
    ClauseEquals,
    ClauseOr,
    ClauseStartsWith,
    ConditionalPrice,
    ModelInfo,
    ModelPrice,
    Provider,
    StartDateConstraint,
)

from tornado_gateway.config.build import parse
from tornado_gateway.pricelist.catalog import Catalog
from tornado_gateway.pricelist.survey import Finding, Survey

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def price(figure: float | str) -> ModelPrice:
    return ModelPrice(input_mtok=Decimal(figure), output_mtok=Decimal(figure))


def rising(*steps: tuple[str, int]) -> list[ConditionalPrice]:
    later = [ConditionalPrice(StartDateConstraint(date.fromisoformat(day)), prices=price(it)) for day, it in steps]
    return [ConditionalPrice(prices=price(10)), *later]


def listed(name: str, prices: Any, *also: str) -> ModelInfo:
    match = ClauseOr([ClauseEquals(name), *(ClauseEquals(each) for each in also), ClauseStartsWith(f"{name}-2")])
    return ModelInfo(name, match, prices=prices)


CATALOG = Catalog(
    [
        Provider(
            "openai",
            "OpenAI",
            "https://api.openai.com",
            models=[
                listed("small", price(10)),
                listed("big", price(20), "big-latest"),
                listed("bigger", price(30)),
                listed("rising", rising(("2026-12-01", 20))),
                listed("nothing", ModelPrice()),
            ],
        )
    ],
    "0",
)


def survey(rows: str, *, providers: str = "{a: {kind: openai}, echo: {kind: echo}}", **options: Any) -> list[Finding]:
    """Of a file with ``rows``, one a line."""
    models = "\n".join(f"    {line.strip()}" for line in rows.strip().splitlines())
    text = (
        f"version: 1\nproviders: {providers}\nroutes: {{x*: {{provider: echo}}}}\n"
        f"pricing:\n  unit: per_1k_tokens\n  currency: USD\n  models:\n{models}\n"
    )
    settings = parse(text.encode(), Path("f"), {}).settings
    return list(Survey(CATALOG, settings, NOW).findings(**options))


def verdicts(rows: str, **options: Any) -> list[tuple[str, str]]:
    return [(each.row, each.verdict) for each in survey(rows, **options)]


def test_one_verdict_a_row_in_the_order_of_the_file() -> None:
    rows = """
      a/small: {input: 0.01, output: 0.01}
      echo/echo4: {free: true}
      a/big: {input: 0.01, output: 0.02}
      a/other: {input: 0.01, output: 0.02}
      echo/x: {input: 1, output: 1}
      a/nothing: {input: 1, output: 1}
      a/small-2026: {free: true}
    """
    found = survey(rows)
    assert [(each.row, each.verdict, each.line) for each in found] == [
        ("a/small", "same", 8),
        ("echo/echo4", "free", 9),
        ("a/big", "differs", 10),
        ("a/other", "unknown", 11),
        ("echo/x", "unknown", 12),
        ("a/nothing", "unknown", 13),
        ("a/small-2026", "free", 14),
    ]
    assert [each.note for each in found] == [
        "",
        "",
        "",
        "OpenAI has no model of that name on the list",
        "its provider has no public prices",
        "the list has no price for it",
        "the list asks 0.01 and 0.01",
    ]
    ((compared,),) = [each.compared for each in found if each.verdict == "differs"]
    (difference,) = compared.differences
    assert (compared.listed, difference.what, difference.ours, difference.theirs, difference.since) == (
        "big",
        "input",
        Decimal("0.01"),
        Decimal("0.02"),
        None,
    )


def test_a_provider_under_any_name_and_one_that_is_nobody() -> None:
    row = "a/small: {input: 0.01, output: 0.01}"
    other = "{a: {kind: openai_compatible, base_url: 'http://127.0.0.1:1/v1'}, echo: {kind: echo}}"
    assert verdicts(row, providers=other) == [("a/small", "unknown")]
    known = other.replace("http://127.0.0.1:1", "https://api.openai.com")
    assert verdicts(row, providers=known) == [("a/small", "same")]


def test_a_tolerance_lets_near_ones_pass() -> None:
    rows = "a/small: {input: 0.0101, output: 0.01}\na/big: {input: 0.02, output: 0.03}"
    assert verdicts(rows, tolerance=Decimal(1)) == [("a/small", "near"), ("a/big", "differs")]


def test_rows_may_be_ignored_by_name_and_by_pattern() -> None:
    rows = "a/small: {input: 1, output: 1}\na/big: {input: 1, output: 1}\na/bigger: {input: 1, output: 1}"
    assert verdicts(rows, ignore=["a/big*"]) == [("a/small", "differs"), ("a/big", "ignored"), ("a/bigger", "ignored")]


def test_a_pattern_is_held_against_what_it_prices_and_no_better_row_does() -> None:
    rows = "a/big*: {input: 0.02, output: 0.02}\na/bigger: {input: 0.03, output: 0.03}\na/q*: {input: 1, output: 1}"
    pattern, exact, none = survey(rows)
    assert (pattern.verdict, [each.listed for each in pattern.compared]) == ("same", ["big"])
    assert (exact.verdict, none.verdict) == ("same", "unknown")
    (alone,) = survey("a/big*: {input: 0.02, output: 0.02}")
    assert [(each.listed, len(each.differences)) for each in alone.compared] == [("big", 0), ("bigger", 2)]


def test_a_change_that_only_one_of_them_announces_is_a_difference_from_then_on() -> None:
    def dated(row: str) -> list[tuple[str, str, str | None]]:
        ((found,),) = [each.compared for each in survey(row)]
        return [
            (each.what, str(each.theirs), each.since.isoformat() if each.since else None) for each in found.differences
        ]

    assert dated("a/rising: {input: 0.01, output: 0.01}") == [
        ("input", "0.020", "2026-12-01"),
        ("output", "0.020", "2026-12-01"),
    ]
    until, since = "{input: 0.01, output: 0.01, valid_until: 2026-11-30}", "{input: 0.02, output: 0.02, valid_from: "
    assert dated(f"a/rising: [{until}, {since}2026-12-01}}]") == []
    assert dated(f"a/rising: [{until}]") == [("price", "input 0.02", "2026-12-01")]
    early = until.replace("2026-11-30", "2026-11-28")
    assert dated(f"a/rising: [{early}, {since}2026-11-29}}]") == [
        ("input", "0.010", "2026-11-29"),
        ("output", "0.010", "2026-11-29"),
    ]
