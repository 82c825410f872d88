from pathlib import Path

from tests.httpserver.page.browsing import browsing
from tests.operating import written


async def test_a_picture_and_a_table_that_says_the_same(tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script>"
    path = written(tmp_path)
    path.write_text(
        path.read_text().replace("routes:\n", f'routes:\n  "{hostile}": {{provider: echo, model: echo4}}\n')
    )
    async with browsing(path) as (operated, client):
        await operated.call(model="gpt-4")
        text = (await client.get("/admin/routes")).text
    assert text.count('class="joint fallback"') == 1
    assert text.count('class="route-box') == 2
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text
    assert "100 % of 1 failed" in text
    assert "then gpt-4" in text
    assert 'style="' not in text


async def test_routes_that_have_nothing_to_do_with_each_other_need_no_picture(tmp_path: Path) -> None:
    path = written(tmp_path)
    path.write_text(path.read_text().replace(", fallbacks: [gpt-4]", ""))
    async with browsing(path) as (_, client):
        text = (await client.get("/admin/routes")).text
    assert "<svg" not in text
    assert "No route has a fallback" in text
