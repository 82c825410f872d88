from pathlib import Path

from tests.operating import operating, written


async def test_the_slash_is_not_to_be_remembered(tmp_path: Path) -> None:
    async with operating(written(tmp_path, ledger=False)) as operated:
        answer = await operated.stranger.get("/admin")
        assert (answer.status_code, answer.headers["Location"]) == (303, "/admin/")
        assert (await operated.stranger.post("/admin")).status_code == 405
