from pathlib import Path

from tests.httpserver.page.browsing import browsing
from tests.operating import written


async def test_the_table_and_the_comparison_where_it_is_asked_for(tmp_path: Path) -> None:
    path = written(tmp_path)
    path.write_text(path.read_text().replace('source: "a page"', 'source: "javascript:alert(1)"'))
    async with browsing(path) as (_, client):
        table = (await client.get("/admin/prices")).text
        assert "One row was to be looked at by now" in table
        assert 'href="javascript' not in table
        assert "Compare with the public list" in table
        compared = (await client.get("/admin/prices?drift=true")).text
        assert "Compared with genai-prices" in compared
        assert (await client.get("/admin/prices?drift=perhaps")).status_code == 400
