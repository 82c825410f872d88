from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from tests.operating import operating, written
from tests.support import finished
from tornado_gateway.domain.money import Cost
from tornado_gateway.domain.rows import row_of
from tornado_gateway.storage.sqlite_ledger import SqliteLedger


def fill(folder: Path, *, days: int = 3, models: int = 4) -> None:
    now = datetime.now(UTC)
    ledger = SqliteLedger(folder / "usage.db")
    ledger.append(
        [
            row_of(
                finished(
                    model=f"m{model}",
                    cost=Cost(Decimal("0.1") * (model + 1)),
                    tags={"team": "a" if model else "b"},
                    finished_at=now - timedelta(days=day),
                )
            )
            for day in range(days)
            for model in range(models)
        ]
    )
    ledger.close()


async def test_by_model_over_days(tmp_path: Path) -> None:
    fill(tmp_path)
    async with operating(written(tmp_path)) as operated:
        answer = await operated.client.get("spend", params={"by": "model", "top": 2})
        document = msgspec.json.decode(answer.content)
        assert [each["group"] for each in document["groups"]] == [{"model": "openai/m3"}, {"model": "openai/m2"}]
        assert [day["cost"] for day in document["groups"][0]["days"]] == [0.4, 0.4, 0.4]
        assert b'"cost":1.2,' in answer.content
        assert (document["others"]["groups"], document["others"]["cost"]) == (2, 0.9)
        assert (document["total"]["cost"], document["total"]["requests"]) == (3, 12)
        assert len(document["days"]) == 3


async def test_by_tag_and_key_in_a_period(tmp_path: Path) -> None:
    fill(tmp_path)
    async with operating(written(tmp_path)) as operated:
        document = await operated.get("spend", by="tag:team,key", since="36h")
        assert [(each["group"], each["cost"]) for each in document["groups"]] == [
            ({"tag:team": "a", "key": None}, 1.8),
            ({"tag:team": "b", "key": None}, 0.2),
        ]
        assert document["others"] is None
        assert (await operated.get("spend", by="day"))["groups"][0]["group"] == {}
        empty = await operated.get("spend", model="nothing")
        assert (empty["groups"], empty["total"]["requests"]) == ([], 0)


@pytest.mark.parametrize("query", ["by=modle", "by=a,b,c,d", "by=tag:", "top=0", "since=x"])
async def test_what_can_not_be_meant(tmp_path: Path, query: str) -> None:
    async with operating(written(tmp_path)) as operated:
        answer = await operated.client.get(f"spend?{query}")
        assert (answer.status_code, answer.json()["error"]["param"]) == (400, query.partition("=")[0])


async def test_at_one_look(tmp_path: Path) -> None:
    fill(tmp_path, days=1)
    async with operating(written(tmp_path)) as operated:
        await operated.call()
        document = await operated.get("overview")
        assert document["today"]["cost"] >= 1
        assert document["month"]["requests"] >= document["today"]["requests"] >= 4
        assert document["lately"]["duration"]["count"] == 1
        assert document["lately"]["overhead"]["p99"] > 0
        assert await operated.get("overview") == document, "it is good for a while"


async def test_at_one_look_without_a_ledger(tmp_path: Path) -> None:
    async with operating(written(tmp_path, ledger=False)) as operated:
        document = await operated.get("overview")
        assert (document["today"], document["month"]) == (None, None)
        assert "keeps no ledger" in document["no_ledger"]
