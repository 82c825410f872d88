import asyncio
from pathlib import Path

import pytest

from tests.operating import TOKEN, operating, written
from tests.serving import chat, serving, until
from tests.support import ScriptedProvider

PATHS = ["config", "events", "nothing", "", "keys/a"]


@pytest.mark.parametrize("path", PATHS)
async def test_without_a_token_in_the_file_there_is_nothing(tmp_path: Path, path: str) -> None:
    file = written(tmp_path, ledger=False)
    file.write_text(file.read_text().replace(TOKEN, ""))
    async with operating(file) as operated:
        for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS"):
            answer = await operated.client.request(method, path)
            assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


@pytest.mark.parametrize("path", PATHS)
async def test_who_does_not_bring_it_is_told_nothing_else(tmp_path: Path, path: str) -> None:
    async with operating(written(tmp_path, ledger=False)) as operated:
        for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD"):
            answer = await operated.stranger.request(method, f"/admin/api/{path}", headers={"X-Api-Key": TOKEN})
            assert answer.status_code == 401
            assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_a_gateway_without_a_desk_has_nothing_there() -> None:
    async with serving(ScriptedProvider()) as served:
        assert (await served.client.get("/admin/api/config")).status_code == 404


async def test_it_is_no_gateway_key(tmp_path: Path) -> None:
    file = written(tmp_path, ledger=False)
    file.write_text(file.read_text().replace("required: false", "required: true"))
    async with operating(file) as operated:
        shown = {"Authorization": f"Bearer {TOKEN}"}
        answer = await operated.stranger.post("/v1/chat/completions", json=chat("echo4"), headers=shown)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key")


async def test_no_other_origin_may_ask_or_read(tmp_path: Path) -> None:
    async with operating(written(tmp_path, ledger=False)) as operated:
        elsewhere = {"Origin": "https://elsewhere.example"}
        allowed = (await operated.stranger.get("/v1/models", headers=elsewhere)).headers
        assert allowed["Access-Control-Allow-Origin"] == "*"
        for answer in (
            await operated.client.get("config", headers=elsewhere),
            await operated.client.get("nothing", headers=elsewhere),
            await operated.client.options("config", headers=elsewhere),
        ):
            assert not [name for name in answer.headers if name.startswith("access-control-")]
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.status_code == 405


async def test_errors_are_json_in_the_usual_form(tmp_path: Path) -> None:
    async with operating(written(tmp_path, ledger=False)) as operated:
        for method, path, status in (("GET", "nothing", 404), ("DELETE", "config", 405), ("POST", "events", 405)):
            answer = await operated.client.request(method, path)
            assert answer.status_code == status
            assert set(answer.json()["error"]) == {"message", "type", "code", "param"}
        odd = await operated.client.get("config", params={"x": "1"})
        assert (odd.status_code, odd.json()["error"]["param"]) == (400, "x")
        head = await operated.client.head("reloads")
        assert (head.status_code, head.content) == (200, b"")


async def test_a_token_that_comes_with_a_reload_is_good_at_once(tmp_path: Path) -> None:
    file = written(tmp_path, ledger=False)
    file.write_text(file.read_text().replace(TOKEN, ""))
    async with operating(file) as operated:
        assert (await operated.client.get("routes")).status_code == 404
        file.write_text(file.read_text().replace('token: ""', f'token: "{TOKEN}"'))
        await until(lambda: operated.runtime.snapshots.current.admin.digest is not None)
        assert (await operated.client.get("routes")).status_code == 200


async def test_what_happens_as_it_happens_and_nobody_watches_for_ever(tmp_path: Path) -> None:
    async with (
        operating(written(tmp_path, ledger=False)) as operated,
        operated.client.stream("GET", "events") as answer,
    ):
        assert answer.headers["Content-Type"] == "text/event-stream"
        lines = answer.aiter_text()
        assert await anext(lines) == ": connected\n\n"
        await operated.call("a prompt that nobody else may see")
        seen = ""
        async with asyncio.timeout(5):
            while "event: finished" not in seen:
                seen += await anext(lines)
        assert "event: started" in seen
        assert '"route":"echo4"' in seen
        assert "nobody else" not in seen
        operated.runtime.lifecycle.drain()
        async with asyncio.timeout(5):
            async for _ in lines:
                pass


async def test_a_watcher_that_leaves_is_forgotten(tmp_path: Path) -> None:
    from tornado_gateway.httpserver.services import Services

    async with operating(written(tmp_path, ledger=False)) as operated:
        services: Services = operated.runtime.server.request_callback.settings["services"]  # type: ignore[union-attr]
        feed = services.admin.desk._feed  # type: ignore[union-attr]
        async with operated.client.stream("GET", "events") as answer:
            await anext(answer.aiter_text())
            assert feed.watched
        await until(lambda: not feed.watched)
