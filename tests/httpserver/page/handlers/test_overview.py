import asyncio
from html import unescape
from pathlib import Path

from tests.admin.test_spend import fill
from tests.httpserver.page.browsing import browsing
from tests.operating import written


async def test_figures_and_what_wants_to_be_looked_at(tmp_path: Path) -> None:
    fill(tmp_path, days=1)
    async with browsing(written(tmp_path)) as (operated, client):
        overview = await operated.get("overview")
        page = (await client.get("/admin/")).text
        assert f"</span> {overview['today']['cost']:.2f}</dd>" in page
        assert "Prices of openai/gpt-* were to be looked at." in page
        assert "No call has ended since it started." in page
        await operated.call()
        assert "Gateway's own part" in unescape((await client.get("/admin/")).text)


async def test_the_chart_comes_after_the_page(tmp_path: Path) -> None:
    fill(tmp_path, days=3, models=8)
    async with browsing(written(tmp_path)) as (_, client):
        part = (await client.get("/admin/overview/spend")).text
        assert "openai/m7" in part
        assert "3 more" in part
        assert "<html" not in part


async def test_where_all_is_free_the_chart_is_of_requests(tmp_path: Path) -> None:
    file = written(tmp_path)
    file.write_text(file.read_text().replace("{input: 0.03, output: 0.06}", "{free: true}"))
    async with browsing(file) as (operated, client):
        await operated.call()
        part = ""
        async with asyncio.timeout(5):
            while "echo/echo4" not in part:
                part = (await client.get("/admin/overview/spend")).text
        assert "Requests a day" in part


async def test_where_nothing_has_been_called_yet_it_says_how(tmp_path: Path) -> None:
    async with browsing(written(tmp_path)) as (_, client):
        part = (await client.get("/admin/overview/spend")).text
        assert f"curl {client.base_url}".rstrip("/") in part


async def test_without_a_ledger_the_rest_is_there(tmp_path: Path) -> None:
    file = written(tmp_path, ledger=False)
    async with browsing(file) as (_, client):
        page = (await client.get("/admin/")).text
        assert "There is no ledger to ask" in page
        assert "How fast, lately" in page
        part = await client.get("/admin/overview/spend")
        assert (part.status_code, "ledger_unavailable" in part.text) == (200, True)
