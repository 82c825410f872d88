import asyncio
from pathlib import Path

import pytest

from tests.httpserver.page.browsing import browsing
from tests.operating import TOKEN, operating, written


async def test_the_page(tmp_path: Path) -> None:
    async with browsing(written(tmp_path, ledger=False)) as (_, client):
        page = (await client.get("/admin/live")).text
        assert 'data-events="/admin/live/events"' in page
        assert "without-scripts" in page


async def test_events_are_for_a_session(tmp_path: Path) -> None:
    async with operating(written(tmp_path, ledger=False)) as operated:
        shown = {"Authorization": f"Bearer {TOKEN}"}
        answer = await operated.stranger.get("/admin/live/events", headers=shown)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/admin/login?next=/admin/live/events")
        assert (await operated.stranger.post("/admin/live/events")).status_code == 405


@pytest.mark.parametrize("end", ["drain", "token"])
async def test_calls_are_told_until_the_session_ends_or_the_gateway(tmp_path: Path, end: str) -> None:
    file = written(tmp_path, ledger=False)
    async with browsing(file) as (operated, client), client.stream("GET", "/admin/live/events") as answer:
        assert answer.headers["Content-Type"] == "text/event-stream"
        text = answer.aiter_text()
        assert await anext(text) == ": connected\n\n"
        await operated.call("a prompt that nobody else may see")
        seen = ""
        async with asyncio.timeout(5):
            while "event: finished" not in seen:
                seen += await anext(text)
        assert '"cost":0.' in seen
        assert "nobody else" not in seen
        if end == "drain":
            operated.runtime.lifecycle.drain()
        else:
            file.write_text(file.read_text().replace(TOKEN, "another-0123456789abcdef0123456789abcdef"))
        async with asyncio.timeout(5):
            async for _ in text:
                pass
