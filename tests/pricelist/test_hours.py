from datetime import UTC, date, time, timedelta, timezone
from decimal import Decimal
from typing import Any

from genai_prices.types import ClauseEquals, ConditionalPrice, ModelInfo, ModelPrice, TimeOfDateConstraint

from tornado_gateway.pricelist.hours import clock, spans

DAY = date(2026, 11, 24)
PRICE = ModelPrice(input_mtok=Decimal(1))


def model(prices: Any) -> ModelInfo:
    return ModelInfo("m", ClauseEquals("m"), prices=prices)


def test_most_days_are_whole() -> None:
    (span,) = spans(model(PRICE), DAY)
    assert (span.begin, span.end, span.at.isoformat()) == (0, 1440, "2026-11-24T00:00:00+00:00")


def test_a_day_is_cut_where_a_price_begins_or_ends_and_goes_on_over_midnight() -> None:
    shanghai = timezone(timedelta(hours=8))
    windows = [
        TimeOfDateConstraint(time(1, tzinfo=UTC), time(4, 30)),
        TimeOfDateConstraint(time(17, tzinfo=shanghai), time(19, tzinfo=shanghai)),
    ]
    found = spans(model([ConditionalPrice(each, prices=PRICE) for each in windows]), DAY)
    assert [f"{clock(span.begin)}-{clock(span.end)}" for span in found] == [
        "01:00-04:30",
        "04:30-09:00",
        "09:00-11:00",
        "11:00-01:00",
    ]
    assert found[-1].at.isoformat() == "2026-11-24T11:00:00+00:00"
