from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from tests.operating import operating, written
from tornado_gateway.admin import prices
from tornado_gateway.admin.prices import _card
from tornado_gateway.domain.money import PriceCard, Tier
from tornado_gateway.domain.peaks import OffPeak
from tornado_gateway.pricelist.catalog import NoCatalog

NOW = datetime(2026, 6, 1, tzinfo=UTC)


async def test_the_table(tmp_path: Path) -> None:
    async with operating(written(tmp_path)) as operated:
        document = await operated.get("prices")
        echo, gpt = document["cards"]
        assert (echo["model"], echo["rates"], echo["review_due"]) == (
            "echo/echo4",
            {"input": 0.03, "output": 0.06},
            False,
        )
        assert (gpt["source"], gpt["review_by"], gpt["review_due"]) == ("a page", "2020-01-01", True)
        lines = operated.path.read_text().splitlines()
        assert "openai/gpt-*:" in lines[gpt["line"] - 1]
        assert document["drift"] is None


async def test_against_the_public_list(tmp_path: Path) -> None:
    pytest.importorskip("genai_prices")
    async with operating(written(tmp_path)) as operated:
        drift = (await operated.get("prices", drift="true"))["drift"]
        assert drift["list"].startswith("genai-prices")
        assert [row["row"] for row in drift["rows"]] == ["echo/echo4", "openai/gpt-*"]
        assert (await operated.get("prices", drift="true"))["drift"] == drift


async def test_without_the_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise NoCatalog("pip install 'tornado-gateway[prices]'")

    monkeypatch.setattr(prices, "open_catalog", missing)
    async with operating(written(tmp_path)) as operated:
        drift = (await operated.get("prices", drift="true"))["drift"]
        assert drift == {"list": None, "missing": "pip install 'tornado-gateway[prices]'", "rows": []}


@pytest.mark.parametrize(
    ("begins", "ends", "state"),
    [(None, None, "current"), (1, None, "future"), (None, -1, "past"), (-1, 1, "current"), (-2, 0, "past")],
)
def test_when_a_card_holds(begins: int | None, ends: int | None, state: str) -> None:
    moments = [None if days is None else NOW + timedelta(days=days) for days in (begins, ends)]
    card = PriceCard("a/b", Decimal(1), Decimal(2), valid_from=moments[0], valid_until=moments[1])
    assert _card(card, NOW)["state"] == state


def test_tiers_and_hours() -> None:
    card = PriceCard(
        "a/b",
        Decimal(1),
        Decimal(2),
        tiers=(Tier(200_000, {"input": Decimal("2.5")}),),
        off_peak=OffPeak(Decimal("0.5"), 990, 30),
    )
    made = msgspec.json.decode(msgspec.json.encode(_card(card, NOW)))
    assert made["tiers"] == [{"above": 200_000, "rates": {"input": 2.5}}]
    assert made["off_peak"] == {"factor": 0.5, "hours": "16:30-00:30", "time_zone": "UTC"}
