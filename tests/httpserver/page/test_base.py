from pathlib import Path

import pytest
from injector import Binder, Module

from tests.httpserver.page.browsing import browsing, csrf
from tests.operating import TOKEN, operating, written
from tornado_gateway.domain.admin_errors import LedgerSlow
from tornado_gateway.domain.administration import AdminDesk, Asked, Told
from tornado_gateway.domain.errors import RateLimitExceeded
from tornado_gateway.httpserver.page.base import inside

PATHS = ["", "/", "/login", "/nothing", "/static/00/tokens.css", "/logout"]


@pytest.mark.parametrize("path", PATHS)
async def test_without_a_token_in_the_file_there_is_nothing(tmp_path: Path, path: str) -> None:
    file = written(tmp_path, ledger=False)
    file.write_text(file.read_text().replace(TOKEN, ""))
    async with operating(file) as operated:
        for method in ("GET", "POST", "PUT", "OPTIONS"):
            answer = await operated.stranger.request(method, f"/admin{path}")
            assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


async def test_who_has_not_logged_in_sees_nothing_and_is_led_to_the_form(tmp_path: Path) -> None:
    async with operating(written(tmp_path, ledger=False)) as operated:
        for path in ("/admin/", "/admin/spend?by=key", "/admin/nothing"):
            for more in ({}, {"Authorization": f"Bearer {TOKEN}"}, {"Cookie": f"tornado_gateway_admin={TOKEN}"}):
                answer = await operated.stranger.get(path, headers=more)
                assert (answer.status_code, answer.content) == (303, b"")
                assert answer.headers["Location"].startswith("/admin/login?next=/admin/")
            posted = await operated.stranger.post(path, data={"csrf": "x"})
            assert posted.status_code == 401
            assert "Log in" in posted.text


async def test_headers_are_on_pages_and_on_errors(tmp_path: Path) -> None:
    async with browsing(written(tmp_path, ledger=False)) as (_, client):
        for path in ("/admin/", "/admin/login", "/admin/nothing"):
            headers = (await client.get(path, headers={"Origin": "https://elsewhere.example"})).headers
            policy = headers["Content-Security-Policy"]
            assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
            assert "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy
            assert headers["X-Frame-Options"] == "DENY"
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Cache-Control"] == "no-store"
            assert not [name for name in headers if name.startswith("access-control-")]


async def test_a_form_of_another_page_is_refused(tmp_path: Path) -> None:
    async with browsing(written(tmp_path, ledger=False)) as (_, client):
        good = await csrf(client)
        for form, headers in (
            ({}, {}),
            ({"csrf": ""}, {}),
            ({"csrf": "0" * 64}, {}),
            ({"csrf": good}, {"Sec-Fetch-Site": "cross-site"}),
            ({"csrf": good}, {"Sec-Fetch-Site": "same-site"}),
        ):
            answer = await client.post("/admin/logout", data=form, headers=headers)
            assert (answer.status_code, "forged_request" in answer.text) == (403, True)
        assert (await client.get("/admin/")).status_code == 200
        assert (await client.post("/admin/logout", content=b"csrf=%FF%FE")).status_code == 400
        assert (await client.post("/admin/logout", content=b"&".join([b"a=1"] * 300))).status_code == 400
        assert (await client.post("/admin/logout", data={"csrf": good})).status_code == 303


async def test_other_methods_are_refused(tmp_path: Path) -> None:
    async with browsing(written(tmp_path, ledger=False)) as (_, client):
        for method in ("PUT", "PATCH", "DELETE", "OPTIONS"):
            assert (await client.request(method, "/admin/")).status_code == 405
        shown = {"csrf": await csrf(client)}
        assert (await client.post("/admin/", data=shown)).status_code == 405
        assert (await client.get("/admin/logout")).status_code == 405
        head = await client.head("/admin/")
        assert (head.status_code, head.content) == (200, b"")


class Odd:
    """A desk that fails."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    async def answer(self, asked: Asked) -> Told:
        raise self.error

    def watch(self) -> None:
        raise self.error


def desk(error: Exception) -> Module:
    class Replaced(Module):
        def configure(self, binder: Binder) -> None:
            binder.bind(AdminDesk, to=lambda: Odd(error))  # type: ignore[arg-type]

    return Replaced()


async def test_what_goes_wrong_is_a_page(tmp_path: Path) -> None:
    for error, status, word in (
        (LedgerSlow("It <b>did not</b> answer."), 504, "ledger_timeout"),
        (RateLimitExceeded("Too many.", retry_after=2.2), 429, "rate_limit_exceeded"),
    ):
        async with browsing(written(tmp_path, ledger=False), desk(error)) as (_, client):
            answer = await client.get("/admin/")
            assert answer.status_code == status
            assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
            assert word in answer.text
            assert "<b>did" not in answer.text
    assert answer.headers["Retry-After"] == "3", "too early is too early"


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("/admin/spend?by=key&since=7d", True),
        ("/admin/", True),
        ("https://elsewhere.example/admin/", False),
        ("//elsewhere.example/admin/", False),
        ("/admin/\\elsewhere", False),
        ("/admin/\r\nSet-Cookie: a=b", False),
        ("/admin/login?next=/admin/login", False),
        ("/admin/logout", False),
        ("/v1/models", False),
        ("", False),
    ],
)
def test_one_comes_back_to_pages_alone(address: str, kept: bool) -> None:
    assert inside(address) == (address if kept else "/admin/")
