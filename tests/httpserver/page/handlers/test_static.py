from pathlib import Path

from tests.operating import operating, written
from tornado_gateway.httpserver.page.assets import Assets


async def test_kept_for_ever_by_its_digest(tmp_path: Path) -> None:
    address = Assets().address("tokens.css")
    async with operating(written(tmp_path, ledger=False)) as operated:
        answer = await operated.stranger.get(address)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
        assert "immutable" in answer.headers["Cache-Control"]
        again = await operated.stranger.get(address, headers={"If-None-Match": answer.headers["Etag"]})
        assert (again.status_code, again.content) == (304, b"")
        head = await operated.stranger.head(address)
        assert (head.status_code, head.content) == (200, b"")
        assert (await operated.stranger.post(address)).status_code == 405


async def test_a_page_of_an_earlier_version_gets_what_there_is(tmp_path: Path) -> None:
    async with operating(written(tmp_path, ledger=False)) as operated:
        answer = await operated.stranger.get("/admin/static/0123456789abcdef/tokens.css")
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-cache")
        for path in ("nothing.css", "../page/session.py", "vendor/../../session.py", "vendor/vendor.json"):
            assert (await operated.stranger.get(f"/admin/static/00/{path}")).status_code in {303, 404}
