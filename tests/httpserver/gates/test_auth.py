"""Keys as callers send them, over real sockets, and what becomes of those that are not good."""

import asyncio
import json
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tornado.httputil import HTTPHeaders

from tests.serving import Served, chat, request, serving, until
from tests.support import NOW, ScriptedProvider, snapshot, text_answer
from tornado_gateway.domain.access import Access
from tornado_gateway.domain.events import CredentialRefused, RequestFinished
from tornado_gateway.domain.keys import GatewayKey, KeyRing, hash_of
from tornado_gateway.domain.principal import Principal
from tornado_gateway.domain.stream import Finished, StreamBatch, TextDelta, UsageReport
from tornado_gateway.domain.tokens import TokenPolicy, TokenRefused
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.httpserver.gates.auth import credential

SECRET = "sk-tgw-planted-and-good"
TEAM = Principal("team-a", tags={"team": "a"}, models=("gpt-4",))
RING = KeyRing(
    [
        GatewayKey(TEAM, hash_of(SECRET)),
        GatewayKey(Principal("off"), hash_of("sk-tgw-planted-off"), disabled=True),
        GatewayKey(Principal("old"), hash_of("sk-tgw-planted-old"), expires=NOW - timedelta(days=1)),
        GatewayKey(Principal("o1-only", models=("o1",)), hash_of("sk-tgw-planted-o1")),
    ]
)
REQUIRED = Access(True, RING)
TOKENS = TokenPolicy("https://id.example", ("gateway",), "keys.json", ("RS256",))
ENDPOINTS = {
    "/v1/completions": chat(),
    "/v1/chat/completions": chat(),
    "/v1/responses": {"model": "gpt-4", "input": "Hello"},
    "/v1/embeddings": {"model": "gpt-4", "input": "Hello"},
    "/v1/messages": chat(max_tokens=10),
    "/v1/messages/count_tokens": chat(),
}


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def provider() -> ScriptedProvider:
    return ScriptedProvider(script=[text_answer() for _ in range(50)])


@pytest.mark.parametrize(
    "headers",
    [
        bearer(SECRET),
        {"x-api-key": SECRET},
        {"api-key": SECRET},
        {"x-goog-api-key": SECRET},
        {"Authorization": "Basic dXNlcjpwYXNz", "x-api-key": SECRET},
        {**bearer(SECRET), "x-api-key": "another", "api-key": "a third"},
        {"x-api-key": SECRET, "api-key": "another", "x-goog-api-key": "a third"},
        {"api-key": SECRET, "x-goog-api-key": "another"},
    ],
)
async def test_a_key_is_taken_wherever_a_client_puts_it(headers: dict[str, str]) -> None:
    async with serving(provider(), access=REQUIRED) as served:
        answer = await served.client.post("/v1/chat/completions", json=chat(), headers=headers)
        assert answer.status_code == 200, answer.text
        event = served.finished()
        assert (event.principal, event.tags) == ("team-a", {"team": "a"})


async def test_blanks_around_a_key_are_none_of_it_and_an_empty_one_is_none() -> None:
    async with serving(provider(), access=REQUIRED) as served:
        client = await served.connect()
        for lines in (
            [f"Authorization:  bearer   {SECRET}  "],
            ["Authorization: Bearer ", "x-api-key:  ", f"api-key: {SECRET} "],
        ):
            await client.send(request(chat(), headers=lines))
            assert (await client.answer())[0] == 200


@pytest.mark.parametrize(
    "headers",
    [
        {**bearer("another"), "x-api-key": SECRET},
        {"x-api-key": "another", "api-key": SECRET},
        {"api-key": "another", "x-goog-api-key": SECRET},
    ],
)
async def test_of_several_the_first_counts(headers: dict[str, str]) -> None:
    async with serving(provider(), access=REQUIRED) as served:
        assert (await served.client.post("/v1/chat/completions", json=chat(), headers=headers)).status_code == 401


NOT_GOOD: list[tuple[dict[str, str], str]] = [
    ({}, "missing"),
    ({"Authorization": SECRET}, "missing"),
    ({"Authorization": f"Basic {SECRET}"}, "missing"),
    (bearer("sk-tgw-planted-bad"), "unknown"),
    (bearer(SECRET + "x"), "unknown"),
    (bearer("sk-tgw-planted-off"), "disabled"),
    (bearer("sk-tgw-planted-old"), "expired"),
]


@pytest.mark.parametrize("path", ENDPOINTS)
async def test_refusals_in_the_callers_form(path: str) -> None:
    asked = provider()
    async with serving(asked, access=REQUIRED) as served:
        for headers, reason in NOT_GOOD:
            document = {**ENDPOINTS[path], "stream": reason != "missing"}
            answer = await served.client.post(path, json=document, headers=headers)
            assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
            assert "planted" not in answer.text
            body = answer.json()
            if path.startswith("/v1/messages"):
                assert (body["type"], body["error"]["type"]) == ("error", "authentication_error")
            else:
                assert (body["error"]["code"], body["error"]["type"]) == ("invalid_api_key", "authentication_error")
        assert [event.reason for event in served.recorder.of(CredentialRefused)] == [reason for _, reason in NOT_GOOD]
        assert {event.status for event in served.recorder.of(RequestFinished)} == {401}
        assert asked.asked == []
        assert "planted" not in repr(served.recorder.events)


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses", "/v1/messages", "/v1/completions"])
@pytest.mark.parametrize("stream", [False, True])
async def test_a_model_that_the_key_may_not_use(path: str, stream: bool) -> None:
    asked = provider()
    async with serving(asked, access=REQUIRED) as served:
        document = {**ENDPOINTS[path], "stream": stream}
        answer = await served.client.post(path, json=document, headers=bearer("sk-tgw-planted-o1"))
        assert answer.status_code == 403
        assert "www-authenticate" not in answer.headers
        error = answer.json()["error"]
        assert error["type"] == "permission_error"
        assert path == "/v1/messages" or error["code"] == "model_not_allowed"
        event = served.finished()
        assert (event.status, event.error, event.principal) == (403, "model_not_allowed", "o1-only")
        assert asked.asked == []


async def test_what_is_sent_without_a_good_key_is_not_kept() -> None:
    async with serving(provider(), access=REQUIRED) as served:
        client = await served.connect()
        body = b'{"model": "gpt-4", "messages": ' + b"[" * 1_000_000
        await client.send(request(body))
        status, _, answer = await client.answer()
        assert (status, json.loads(answer)["error"]["code"]) == (401, "invalid_api_key")
        # The connection lives on: the body was read past, not taken for the next request.
        await client.send(request(chat(), headers=[f"x-api-key: {SECRET}"]))
        assert (await client.answer())[0] == 200


async def test_a_bad_key_goes_before_whatever_else_is_wrong() -> None:
    async with serving(provider(), access=REQUIRED) as served:
        for content, kind in ((b"not json", "application/json"), (b"{}", "text/plain"), (b"", "application/json")):
            answer = await served.client.post("/v1/chat/completions", content=content, headers={"Content-Type": kind})
            assert answer.status_code == 401


@pytest.mark.parametrize("headers", [{}, bearer("unused"), {"x-api-key": "sk-tgw-planted-off"}, bearer("a.b.c")])
async def test_anybody_gets_in_where_no_key_is_required(headers: dict[str, str]) -> None:
    async with serving(provider(), access=Access(False, RING, tokens=TOKENS)) as served:
        answer = await served.client.post("/v1/chat/completions", json=chat(), headers=headers)
        assert answer.status_code == 200
        assert served.finished().principal is None
        assert served.recorder.of(CredentialRefused) == []


async def test_a_known_key_is_known_there_too() -> None:
    async with serving(provider(), access=Access(False, RING)) as served:
        await served.client.post("/v1/chat/completions", json=chat(), headers=bearer(SECRET))
        assert served.finished().principal == "team-a"
        refused = await served.client.post("/v1/chat/completions", json=chat(), headers=bearer("sk-tgw-planted-o1"))
        assert refused.status_code == 403


async def test_a_browser_asks_first_and_brings_no_key() -> None:
    async with serving(access=REQUIRED) as served:
        answer = await served.client.options("/v1/chat/completions", headers={"Origin": "https://a.example"})
        assert answer.status_code == 204
        assert served.recorder.of(CredentialRefused) == []


async def test_health_is_for_everybody_and_metrics_unless_the_file_says_else() -> None:
    async with serving(access=REQUIRED) as served:
        for path in ("/health", "/health/live", "/health/ready", "/metrics"):
            assert (await served.client.get(path)).status_code == 200
    async with serving(access=Access(False, RING, metrics=True)) as served:
        assert (await served.client.get("/health")).status_code == 200
        answer = await served.client.get("/metrics")
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert (await served.client.get("/metrics", headers=bearer("unused"))).status_code == 401
        assert (await served.client.get("/metrics", headers=bearer(SECRET))).status_code == 200
    async with serving(access=Access(False, metrics=True)) as served:
        assert (await served.client.get("/metrics")).status_code == 401


async def test_a_key_that_goes_is_refused_and_calls_under_way_go_on() -> None:
    held = asyncio.Event()
    batches = [
        StreamBatch((TextDelta("Hel"),)),
        held.wait,
        StreamBatch((TextDelta("lo"), Finished("stop"), UsageReport(TokenUsage(1, 2))), last=True),
    ]
    asked = ScriptedProvider(script=[batches])
    async with serving(asked, access=REQUIRED) as served:
        client = await served.connect()
        await client.send(request(chat(stream=True), headers=[f"Authorization: Bearer {SECRET}"]))
        await client.until(b"Hel")
        served.snapshots.swap(snapshot(asked, access=Access(True), revision="b" * 12))
        answer = await served.client.post("/v1/chat/completions", json=chat(), headers=bearer(SECRET))
        assert answer.status_code == 401
        held.set()
        assert b"[DONE]" in await client.until(b"[DONE]\n\n")
        statuses = sorted(event.status for event in served.recorder.of(RequestFinished))
        assert statuses == [200, 401]


class Slow:
    """A verifier that has to ask the issuer first."""

    def __init__(self) -> None:
        self.asked = 0
        self.gate = asyncio.Event()

    def verify(self, token: str, policy: TokenPolicy) -> Awaitable[Principal]:
        return self._verify(token)

    async def _verify(self, token: str) -> Principal:
        self.asked += 1
        await self.gate.wait()
        if token == "good.to.ken":
            return TEAM
        raise TokenRefused("was not signed by a key of the issuer's")


async def after(served: Served, slow: Slow, count: int) -> None:
    await until(lambda: slow.asked == count)
    assert served.recorder.of(RequestFinished) == []
    slow.gate.set()


async def test_a_call_waits_where_its_token_can_not_be_told_at_once() -> None:
    slow = Slow()
    async with serving(provider(), access=Access(True, tokens=TOKENS), verifier=slow) as served:
        post = served.client.post
        calls = [
            post("/v1/chat/completions", json=chat(), headers=bearer("good.to.ken")),
            post("/v1/chat/completions", json=chat(), headers=bearer("bad.to.ken")),
            post("/v1/messages", json=chat(max_tokens=1), headers={"x-api-key": "bad.to.ken"}),
            served.client.get("/v1/models", headers=bearer("good.to.ken")),
            served.client.get("/v1/models", headers=bearer("bad.to.ken")),
        ]
        answers, _ = await asyncio.gather(asyncio.gather(*calls), after(served, slow, len(calls)))
        assert [answer.status_code for answer in answers] == [200, 401, 401, 200, 401]
        assert answers[1].json()["error"]["message"] == "The token was not signed by a key of the issuer's."
        assert [0 <= event.duration < 60 for event in served.recorder.of(RequestFinished)] == [True] * 3


async def test_a_client_that_leaves_meanwhile_leaves_nothing_behind() -> None:
    slow = Slow()
    async with serving(provider(), access=Access(True, tokens=TOKENS), verifier=slow) as served:
        client = await served.connect()
        await client.send(request(chat(), headers=["Authorization: Bearer good.to.ken"]))
        await until(lambda: slow.asked == 1)
        client.reset()
        slow.gate.set()
        answer = await served.client.post("/v1/chat/completions", json=chat(), headers=bearer("good.to.ken"))
        assert answer.status_code == 200
        await until(lambda: served.lifecycle.calls == 0)


HEADERS = st.dictionaries(
    st.sampled_from(["Authorization", "X-Api-Key", "Api-Key", "X-Goog-Api-Key"]),
    st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"))
    | st.just("Bearer ")
    | st.just("Bearer a.b.c"),
)


@given(HEADERS)
@settings(deadline=None)
def test_any_header_holds_a_credential_or_none(headers: dict[str, str]) -> None:
    made = HTTPHeaders()
    for name, value in headers.items():
        made[name] = value
    found = credential(made)
    assert found is None or (found and found == found.strip() and any(found in value for value in headers.values()))
    assert found is not None or not any(value.strip() for name, value in headers.items() if name != "Authorization")


GARBAGE = [
    b"Authorization: Bearer " + b"\xff" * 50,
    b"Authorization: Bearer \xe2\x80\xa8",
    b"Authorization: Bearer a.b.c",
    b"Authorization: Bearer " + b"A" * 60000,
    b"Authorization: Bearer ..",
    b"Authorization: Bearer " + b"W1tb" * 10000 + b".e30.c2ln",
    b"Authorization:",
    b"Authorization: Bearer",
    b"x-api-key: ' OR 1=1 --",
    b"x-api-key: " + SECRET.encode() + b"\x01",
    b"x-api-key: " + SECRET.encode() + b", " + SECRET.encode(),
    b"x-api-key: " + SECRET.encode() + b"\r\nx-api-key: " + SECRET.encode(),
    b"api-key: ${jndi:ldap://x}",
    b"x-goog-api-key: null",
]


async def test_garbage_is_turned_away() -> None:
    async with serving(provider(), access=Access(True, RING, tokens=TOKENS)) as served:
        for line in GARBAGE:
            client = await served.connect()
            await client.send(request(chat()).replace(b"Host: gateway\r\n", b"Host: gateway\r\n" + line + b"\r\n"))
            status, _ = await client.head()
            assert status in (400, 401), line  # Tornado lets no control character in
        assert served.reported == []


def test_what_is_kept_of_a_caller_is_no_credential() -> None:
    fields: Any = Principal.__dataclass_fields__
    assert not set(fields) & {"key", "secret", "token", "credential", "sha256"}
