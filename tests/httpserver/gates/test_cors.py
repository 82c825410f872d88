from dataclasses import replace

import pytest

from tests.serving import Served, chat, serving
from tests.support import ScriptedProvider, text_answer
from tornado_gateway.domain.errors import UpstreamFailed
from tornado_gateway.domain.snapshot import CorsPolicy

NAMED = CorsPolicy(origins=frozenset({"https://a.example", "https://b.example"}))
ALLOW = "access-control-allow-origin"
CREDENTIALS = "access-control-allow-credentials"


async def answer_headers(served: Served, origin: str | None, method: str = "POST") -> dict[str, str]:
    headers = {} if origin is None else {"Origin": origin}
    answer = await served.client.request(method, "/v1/chat/completions", json=chat(), headers=headers)
    return dict(answer.headers)


async def test_any_origin_is_a_literal_star_and_never_credentials() -> None:
    async with serving(ScriptedProvider(script=[text_answer()])) as served:
        headers = await answer_headers(served, "https://a.example")
        assert headers[ALLOW] == "*"
        assert CREDENTIALS not in headers
        assert "vary" not in headers
        assert "X-Gateway-Cost" in headers["access-control-expose-headers"]


async def test_an_origin_by_name_has_credentials_and_vary() -> None:
    async with serving(ScriptedProvider(script=[text_answer()]), cors=NAMED) as served:
        headers = await answer_headers(served, "https://b.example")
        assert (headers[ALLOW], headers[CREDENTIALS], headers["vary"]) == ("https://b.example", "true", "Origin")


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "null",
        "https://c.example",
        "http://a.example",
        "https://a.example:8443",
        "https://a.example.evil",
        "HTTPS://A.EXAMPLE",
        "https://a.example,https://b.example",
    ],
)
async def test_any_other_origin_gets_nothing_but_vary(origin: str | None) -> None:
    async with serving(ScriptedProvider(script=[text_answer()]), cors=NAMED) as served:
        headers = await answer_headers(served, origin)
        assert headers["vary"] == "Origin"
        assert not [name for name in headers if name.startswith("access-control")]


async def test_credentials_may_be_switched_off() -> None:
    policy = replace(NAMED, credentials=False)
    async with serving(ScriptedProvider(script=[text_answer()]), cors=policy) as served:
        headers = await answer_headers(served, "https://a.example")
        assert headers[ALLOW] == "https://a.example"
        assert CREDENTIALS not in headers


async def test_errors_of_every_kind_have_them_too() -> None:
    async with serving(ScriptedProvider(script=[UpstreamFailed("no")]), cors=NAMED) as served:
        origin = {"Origin": "https://a.example"}
        failed = await served.client.post("/v1/chat/completions", json=chat(), headers=origin)
        no_json = await served.client.post("/v1/chat/completions", content=b"x", headers=origin)
        nowhere = await served.client.get("/nowhere", headers=origin)
        wrong_method = await served.client.delete("/v1/models", headers=origin)
        for answer, status in ((failed, 502), (no_json, 415), (nowhere, 404), (wrong_method, 405)):
            assert answer.status_code == status
            assert (answer.headers[ALLOW], answer.headers[CREDENTIALS]) == ("https://a.example", "true")


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/models/gpt-4", "/health", "/nowhere"])
async def test_a_preflight(path: str) -> None:
    policy = replace(NAMED, methods=("GET", "POST"), headers=("Content-Type", "X-Of-Mine"), max_age=5)
    async with serving(ScriptedProvider(), cors=policy) as served:
        asked = {"Origin": "https://a.example", "Access-Control-Request-Method": "POST"}
        answer = await served.client.options(path, headers=asked)
        assert (answer.status_code, answer.content) == (204, b"")
        assert answer.headers[ALLOW] == "https://a.example"
        assert answer.headers[CREDENTIALS] == "true"
        assert answer.headers["access-control-allow-methods"] == "GET,POST"
        assert answer.headers["access-control-allow-headers"] == "Content-Type,X-Of-Mine"
        assert answer.headers["access-control-max-age"] == "5"
        assert served.recorder.events == []


async def test_a_preflight_of_anybody_else() -> None:
    async with serving(ScriptedProvider(), cors=NAMED) as served:
        answer = await served.client.options("/v1/chat/completions", headers={"Origin": "https://c.example"})
        assert answer.status_code == 204
        assert answer.headers["vary"] == "Origin"
        assert not [name for name in answer.headers if name.startswith("access-control")]


async def test_a_preflight_where_anybody_may() -> None:
    async with serving(ScriptedProvider()) as served:
        answer = await served.client.options("/v1/chat/completions", headers={"Origin": "https://c.example"})
        assert answer.headers[ALLOW] == "*"
        assert CREDENTIALS not in answer.headers
        assert answer.headers["access-control-max-age"] == "86400"


async def test_a_reload_holds_from_the_next_request_on() -> None:
    async with serving(ScriptedProvider(script=[text_answer()] * 2)) as served:
        assert (await answer_headers(served, "https://a.example"))[ALLOW] == "*"
        served.snapshots.swap(replace(served.snapshots.current, cors=NAMED))
        assert (await answer_headers(served, "https://a.example"))[ALLOW] == "https://a.example"
