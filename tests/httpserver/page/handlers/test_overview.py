from pathlib import Path

from tests.httpserver.page.browsing import browsing
from tests.operating import written


async def test_it_is_there(tmp_path: Path) -> None:
    async with browsing(written(tmp_path)) as (_, client):
        assert "<h1>Overview</h1>" in (await client.get("/admin/")).text
