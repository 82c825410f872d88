from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tests.admin.test_spend import fill
from tests.httpserver.page.browsing import browsing
from tests.operating import written
from tests.support import finished
from tornado_gateway.domain.money import Cost
from tornado_gateway.domain.rows import row_of
from tornado_gateway.storage.sqlite_ledger import SqliteLedger

HOSTILE = "<script>alert(1)</script>\"'&amp;"


async def test_by_model_with_all_digits(tmp_path: Path) -> None:
    fill(tmp_path)
    async with browsing(written(tmp_path)) as (_, client):
        page = (await client.get("/admin/spend")).text
        for name, cost in (("openai/m3", "1.20"), ("openai/m0", "0.30")):
            assert f"<bdi>{name}</bdi>" in page
            assert f">{cost}</td>" in page
        assert '<th scope="row">Total</th><td class="money" data-pad="">3.00</td>' in page
        assert "/admin/requests?provider=openai&amp;model=m3&amp;since=" in page


async def test_by_a_tag_and_for_one_key_alone(tmp_path: Path) -> None:
    fill(tmp_path)
    async with browsing(written(tmp_path)) as (_, client):
        page = (await client.get("/admin/spend?by=tag&tag_name=team&measure=requests&route=gpt-4")).text
        assert "Over time, by team" in page
        assert "Requests a day</p>" in page
        assert '<input type="hidden" name="route" value="gpt-4">' in page
        assert 'aria-label="Without route"' in page
        assert '<option value="team"></option>' in page, "tags of the file's keys are offered"
        nothing = (await client.get("/admin/spend?key=nobody")).text
        assert "No call ended in this period that fits" in nothing


async def test_what_a_caller_made_up_stays_text(tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "usage.db")
    event = finished(model=HOSTILE, principal=HOSTILE, cost=Cost(Decimal("0.00186")), finished_at=datetime.now(UTC))
    ledger.append([row_of(event)])
    ledger.close()
    async with browsing(written(tmp_path)) as (_, client):
        for path in ("/admin/spend", "/admin/spend?by=key", "/admin/overview/spend"):
            page = (await client.get(path)).text
            assert "<script>alert" not in page
            assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
            assert ">0.00186</td>" in page
        page = (await client.get("/admin/spend", params={"by": "tag", "tag_name": HOSTILE, "key": HOSTILE})).text
        assert "<script>alert" not in page
        assert 'value="&lt;script' in page


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("/admin/spend?from=nonsense", "since is no time"),
        ("/admin/spend?to=nonsense", "until is no time"),
        ("/admin/spend?tag=nonsense", "tag"),
    ],
)
async def test_what_can_not_be_asked_is_said_beside_the_form(tmp_path: Path, path: str, word: str) -> None:
    async with browsing(written(tmp_path)) as (_, client):
        answer = await client.get(path)
        assert answer.status_code == 400
        assert word in answer.text
        assert "<form" in answer.text


async def test_without_a_ledger(tmp_path: Path) -> None:
    async with browsing(written(tmp_path, ledger=False)) as (_, client):
        answer = await client.get("/admin/spend")
        assert (answer.status_code, "There is no ledger to ask" in answer.text) == (503, True)
