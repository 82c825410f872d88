from datetime import UTC, date, datetime
from decimal import Decimal

from tornado_gateway.cli.cards import of_card, to_come
from tornado_gateway.domain.money import PriceCard, Tier
from tornado_gateway.domain.peaks import OffPeak


def test_all_that_a_card_says_beyond_two_prices() -> None:
    card = PriceCard(
        "a/m",
        Decimal("0.003"),
        Decimal("0.015"),
        cached_input=Decimal("0.0003"),
        image=Decimal("0.04"),
        tiers=(Tier(200_000, {"input": Decimal("0.006")}),),
        batch=Decimal("0.5"),
        off_peak=OffPeak(Decimal("0.25"), 990, 30, "Asia/Shanghai"),
        valid_from=datetime(2027, 1, 1, tzinfo=UTC),
        valid_until=datetime(2027, 7, 1, tzinfo=UTC),
        source="https://a.example/prices",
        review_by=date(2027, 6, 1),
    )
    assert list(of_card(card)) == [
        "also cached_input 0.0003 USD per 1K tokens",
        "0.04 USD for each image",
        "above 200000 prompt tokens, for the whole request: input 0.006",
        "times 0.5 at the batch or flex tier",
        "times 0.25 from 16:30-00:30 Asia/Shanghai",
        "since 2027-01-01 00:00 UTC",
        "until 2027-07-01 00:00 UTC",
        "source: https://a.example/prices",
        "to be reviewed by 2027-06-01",
    ]


def test_two_prices_need_no_further_word() -> None:
    assert list(of_card(PriceCard("a/m", Decimal(1), Decimal(2)))) == []


def test_prices_to_come() -> None:
    days = [datetime(2026, 3, day, tzinfo=UTC) for day in (1, 2, 3)]
    cards = [PriceCard("a/m", Decimal(day.day), Decimal("0.5"), valid_from=day, free=day.day == 3) for day in days]
    assert list(to_come(cards, days[0])) == [
        "from 2026-03-02 00:00 UTC: input 2, output 0.5 USD per 1K tokens",
        "from 2026-03-03 00:00 UTC: free",
    ]
    assert list(to_come([PriceCard("a/m", Decimal(1), Decimal(1))], days[0])) == []
