import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from tests.httpserver.page.browsing import browsing
from tests.operating import written
from tests.support import finished
from tornado_gateway.domain.rows import row_of
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.storage.sqlite_ledger import SqliteLedger

HOSTILE = "<script>alert('1')</script>\"'&amp;\u202e"


def plant(folder: Path, count: int) -> None:
    """``count`` calls, a minute between them, all of them by the name and key of a bad character."""
    ledger, now = SqliteLedger(folder / "usage.db"), datetime.now(UTC)
    ledger.append(
        [
            row_of(
                finished(
                    request_id=f"r-{number:03}",
                    requested_model=HOSTILE,
                    model=HOSTILE,
                    route=HOSTILE,
                    principal=HOSTILE,
                    tags={"team": HOSTILE},
                    usage=TokenUsage(1000, 10),
                    status=200,
                    finished_at=now - timedelta(minutes=number + 1),
                )
            )
            for number in range(count)
        ]
    )
    ledger.close()


async def test_a_page_at_a_time_and_no_name_gets_out_of_its_place(tmp_path: Path) -> None:
    plant(tmp_path, 60)
    async with browsing(written(tmp_path)) as (_, client):
        first = (await client.get("/admin/requests")).text
        assert "<script>alert" not in first
        assert first.count('<a href="/admin/requests/r-') == 50
        older = first.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")
        second = (await client.get(older)).text
        assert second.count('<a href="/admin/requests/r-') == 10
        assert "That is all." in second
        assert '<a class="button" href="/admin/requests">Newest</a>' in second
        narrowed = (await client.get("/admin/requests", params={"key": HOSTILE, "tag": "team=" + HOSTILE})).text
        assert narrowed.count('<a href="/admin/requests/r-') == 50
        assert "<script>alert" not in narrowed
        assert "No call fits" in (await client.get("/admin/requests?key=nobody")).text


async def test_what_a_filter_cannot_mean_is_said_beside_it(tmp_path: Path) -> None:
    async with browsing(written(tmp_path)) as (_, client):
        answer = await client.get("/admin/requests", params={"since": "yesterday<b>", "tag": ["a=b", "c=d"]})
        assert answer.status_code == 400
        assert "since is no time" in answer.text
        assert 'value="yesterday&lt;b&gt;"' in answer.text
        assert '<input type="hidden" name="tag" value="c=d">' in answer.text
        assert (await client.get("/admin/requests?cursor=none")).status_code == 400
        assert "No call yet" in (await client.get("/admin/requests")).text


async def test_without_a_ledger_it_says_so(tmp_path: Path) -> None:
    async with browsing(written(tmp_path, ledger=False)) as (_, client):
        answer = await client.get("/admin/requests")
        assert (answer.status_code, "There is no ledger" in answer.text) == (503, True)
        assert (await client.get("/admin/requests/r-1")).status_code == 503


async def test_one_request_with_its_receipt(tmp_path: Path) -> None:
    plant(tmp_path, 1)
    async with browsing(written(tmp_path)) as (operated, client):
        hostile = (await client.get("/admin/requests/r-000")).text
        assert "<script>alert" not in hostile
        await operated.call(**{"X-Request-ID": "mine"})
        for _ in range(200):
            answer = await client.get("/admin/requests/mine")
            if answer.status_code == 200:
                break
            await asyncio.sleep(0.02)
        cost = Decimal(str((await operated.get("requests/mine"))["calls"][0]["cost"]))
        assert f"<b>{cost:f}</b>" in answer.text
        assert "adds up" in answer.text
        assert (await client.get("/admin/requests/none")).status_code == 404
        assert (await client.get("/admin/requests/a%2Fb")).status_code == 404
