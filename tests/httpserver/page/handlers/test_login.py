from pathlib import Path

from tests.httpserver.page.browsing import browsing, csrf
from tests.operating import TOKEN, operating, written


async def test_the_token_makes_a_session_that_does_not_hold_it(tmp_path: Path) -> None:
    async with operating(written(tmp_path, ledger=False)) as operated:
        answer = await operated.stranger.post(
            "/admin/login", data={"token": f" {TOKEN}\n", "next": "/admin/spend?by=key"}
        )
        assert (answer.status_code, answer.headers["Location"]) == (303, "/admin/spend?by=key")
        cookie = answer.headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert "Path=/admin" in cookie
        assert "Secure" not in cookie
        assert TOKEN not in cookie
        again = await operated.stranger.get("/admin/login?next=//elsewhere.example")
        assert (again.status_code, again.headers["Location"]) == (303, "/admin/")


async def test_behind_https_the_cookie_is_for_https_alone(tmp_path: Path) -> None:
    async with operating(written(tmp_path, ledger=False)) as operated:
        behind = {"X-Forwarded-Proto": "https"}
        answer = await operated.stranger.post("/admin/login", data={"token": TOKEN}, headers=behind)
        assert "Secure" in answer.headers["Set-Cookie"]


async def test_guesses_wait_and_the_api_counts_with_them(tmp_path: Path) -> None:
    async with operating(written(tmp_path, ledger=False)) as operated:
        for _ in range(3):
            answer = await operated.stranger.post("/admin/login", data={"token": "<guess>"})
            assert (answer.status_code, "That is not the admin token." in answer.text) == (401, True)
            assert "guess" not in answer.text
        for _ in range(3):
            wrong = {"Authorization": "Bearer guess"}
            assert (await operated.stranger.get("/admin/api/config", headers=wrong)).status_code == 401
        answer = await operated.stranger.post("/admin/login", data={"token": TOKEN})
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
        assert "Too many wrong tokens" in answer.text
        assert "Set-Cookie" not in answer.headers


async def test_no_other_site_logs_anybody_in(tmp_path: Path) -> None:
    async with operating(written(tmp_path, ledger=False)) as operated:
        elsewhere = {"Sec-Fetch-Site": "cross-site"}
        answer = await operated.stranger.post("/admin/login", data={"token": TOKEN}, headers=elsewhere)
        assert answer.status_code == 403
        assert "Set-Cookie" not in answer.headers


async def test_out_again(tmp_path: Path) -> None:
    async with browsing(written(tmp_path, ledger=False)) as (_, client):
        assert (await client.get("/admin/")).status_code == 200
        answer = await client.post("/admin/logout", data={"csrf": await csrf(client)})
        assert answer.headers["Location"] == "/admin/login"
        assert (await client.get("/admin/")).status_code == 303


async def test_another_token_ends_the_session(tmp_path: Path) -> None:
    file = written(tmp_path, ledger=False)
    async with browsing(file) as (operated, client):
        file.write_text(file.read_text().replace(TOKEN, "another-0123456789abcdef0123456789abcdef"))
        shown = {"Authorization": f"Bearer {TOKEN}"}
        await client.post("/admin/api/reload", headers=shown)
        assert operated.runtime.snapshots.current.admin.knows("another-0123456789abcdef0123456789abcdef")
        assert (await client.get("/admin/")).status_code == 303
