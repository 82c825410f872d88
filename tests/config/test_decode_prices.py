from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from tornado_gateway.config.decode_prices import cards, expectations, moment
from tornado_gateway.config.source import Source, read
from tornado_gateway.domain.money import Tier
from tornado_gateway.domain.peaks import OffPeak
from tornado_gateway.domain.usage import TokenUsage


def document(text: str) -> Source:
    return read("pricing:\n" + text, "f", {})


def test_a_whole_card() -> None:
    (card,) = cards(
        document(
            "  models:\n    a/m:\n      input: 0.003\n      output: 0.0150\n      cached_input: 0.0003\n"
            "      image: 1\n"
            "      tiers: [{above: 300, input: 3}, {above: 200, input: 2, output: 4}]\n      tier_mode: whole_request\n"
            "      batch: 0.5\n      off_peak: {factor: 0.25, hours: 16:30-00:30}\n      valid_until: 2027-06-30\n"
            "      source: x\n      review_by: 2027-01-01\n      confirm_unusual: true\n"
        )
    )
    assert (card.model, card.line, card.free, card.marginal) == ("a/m", 3, False, False)
    assert (str(card.output), card.image, card.batch) == ("0.0150", 1, Decimal("0.5"))
    assert card.tiers == (
        Tier(200, {"input": Decimal(2), "output": Decimal(4)}),
        Tier(300, {"input": Decimal(3)}),
    )
    assert card.off_peak == OffPeak(Decimal("0.25"), 990, 30, "UTC")
    assert (card.valid_from, card.valid_until) == (None, datetime(2027, 7, 1, tzinfo=UTC))
    assert (card.source, card.review_by) == ("x", date(2027, 1, 1))


def test_the_calendars_end_stands_for_never() -> None:
    assert moment("9999-12-31", end=True) == moment("9999-12-31T23:00:00-05:00") == datetime.max.replace(tzinfo=UTC)
    assert moment("0001-01-01T00:00:00+05:00") == datetime.min.replace(tzinfo=UTC)
    assert moment("9999-12-30", end=True) == datetime(9999, 12, 31, tzinfo=UTC)
    text = "  models: {a/m: {input: 1, output: 1, valid_until: 9999-12-31}}\n"
    (card,) = cards(document(text))
    assert card.valid(datetime(9999, 12, 31, 23, tzinfo=UTC))


def test_off_peak_hours_may_be_several() -> None:
    text = '  models: {a/m: {input: 1, output: 1, off_peak: {factor: 0.5, hours: "04:00-06:00, 10:00-01:00"}}}\n'
    (card,) = cards(document(text))
    assert card.off_peak == OffPeak(Decimal("0.5"), 240, 360, "UTC", ((600, 60),))


def test_a_rows_cards_come_in_the_order_of_their_time() -> None:
    found = list(
        cards(
            document(
                "  models:\n    a/m:\n    - {input: 2, output: 2, valid_from: 2027-07-01}\n"
                "    - {input: 1, output: 1}\n"
            )
        )
    )
    assert [(card.input, card.line) for card in found] == [(1, 5), (2, 4)]


@pytest.mark.parametrize(
    ("text", "end", "expected"),
    [
        ("2027-06-30", False, "2027-06-30T00:00:00+00:00"),
        ("2027-06-30", True, "2027-07-01T00:00:00+00:00"),
        ("2027-06-30T16:00Z", True, "2027-06-30T16:00:00+00:00"),
        ("2027-06-30 16:00:05", False, "2027-06-30T16:00:05+00:00"),
        ("2027-06-30T16:00:00+08:00", False, "2027-06-30T08:00:00+00:00"),
    ],
)
def test_days_and_moments(text: str, end: bool, expected: str) -> None:
    found = moment(text, end=end)
    assert found is not None
    assert found.isoformat() == expected


def test_golden_cases_have_disjoint_buckets() -> None:
    text = (
        "  expect:\n  - {model: a/m, usage: {prompt_tokens: 10, cached_input: 4, completion_tokens: 3, reasoning: 3},"
        ' cost: "0.5"}\n  - {model: a/m, usage: {cache_write: 2, service_tier: default, images: 1}, cost: 1, at: x}\n'
    )
    first, second = expectations(document(text))
    assert first.usage == TokenUsage(6, 0, cached_input=4, reasoning=3)
    assert (first.cost, first.at) == (Decimal("0.5"), None)
    assert second.usage == TokenUsage(0, 0, cache_write=2, images=1)
    assert (second.cost, second.at, second.path) == (1, "x", ("pricing", "expect", 1))
