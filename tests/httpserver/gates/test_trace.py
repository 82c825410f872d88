import re
from typing import Any

import pytest

from tests.serving import chat, request, serving
from tests.support import ScriptedProvider, text_answer
from tornado_gateway.domain.context import RequestContext
from tornado_gateway.domain.events import RequestFinished

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Watching(ScriptedProvider):
    """Remembers the contexts that it was called in."""

    contexts: list[RequestContext]

    async def complete(self, call: Any, model: str, context: RequestContext) -> Any:
        self.contexts = [*getattr(self, "contexts", []), context]
        return text_answer()


@pytest.mark.parametrize("given", ["a", "x" * 128, "A-z_0.9"])
async def test_a_callers_id_is_kept(given: str) -> None:
    async with serving(Watching()) as served:
        answer = await served.client.post("/v1/chat/completions", json=chat(), headers={"X-Request-ID": given})
        assert answer.headers["x-request-id"] == given
        assert served.finished().request_id == given


@pytest.mark.parametrize("given", [b"", b"x" * 129, b"a b", b"a,b", b"a/b", b"\xe9", b"a\x0bb", b"${jndi:x}"])
async def test_any_other_id_is_replaced(given: bytes) -> None:
    async with serving(Watching()) as served:
        client = await served.connect()
        await client.send(request(chat()).replace(b"Host: gateway\r\n", b"Host: g\r\nX-Request-ID: " + given + b"\r\n"))
        status, headers, _ = await client.answer()
        if status == 200:
            assert re.fullmatch(r"req_[0-9a-f]{24}", headers["x-request-id"])
        else:  # Tornado lets no control character in
            assert given == b"a\x0bb"


async def test_two_ids_are_none() -> None:
    async with serving(Watching()) as served:
        client = await served.connect()
        await client.send(request(chat(), headers=["X-Request-ID: a", "X-Request-ID: b"]))
        assert (await client.answer())[1]["x-request-id"].startswith("req_")


async def test_errors_and_what_calls_no_model_have_an_id() -> None:
    async with serving() as served:
        for method, path in (("GET", "/health"), ("GET", "/nowhere"), ("DELETE", "/metrics"), ("OPTIONS", "/metrics")):
            answer = await served.client.request(method, path, headers={"X-Request-ID": "mine"})
            assert answer.headers["x-request-id"] == "mine"


async def test_ids_differ() -> None:
    async with serving(Watching()) as served:
        for _ in range(3):
            await served.client.post("/v1/chat/completions", json=chat())
        assert len({event.request_id for event in served.recorder.of(RequestFinished)}) == 3


@pytest.mark.parametrize("parent", [PARENT, PARENT.replace("00-", "cc-") + "-what-comes-later"])
async def test_a_trace_goes_on(parent: str) -> None:
    provider = Watching()
    async with serving(provider) as served:
        headers = {"traceparent": parent, "tracestate": "vendor=1"}
        await served.client.post("/v1/chat/completions", json=chat(), headers=headers)
        (context,) = provider.contexts
        assert (context.traceparent, context.tracestate) == (parent, "vendor=1")


@pytest.mark.parametrize(
    "parent",
    [
        "",
        "nonsense",
        PARENT.replace("00-", "ff-"),
        PARENT.replace("0af7651916cd43dd8448eb211c80319c", "0" * 32),
        PARENT.replace("b7ad6b7169203331", "0" * 16),
        PARENT.upper(),
        PARENT + "0",
        PARENT + "-of-no-such-version",
    ],
)
async def test_a_broken_trace_goes_nowhere_and_its_state_neither(parent: str) -> None:
    provider = Watching()
    async with serving(provider) as served:
        headers = {"traceparent": parent, "tracestate": "vendor=1"}
        await served.client.post("/v1/chat/completions", json=chat(), headers=headers)
        (context,) = provider.contexts
        assert (context.traceparent, context.tracestate) == (None, None)


async def test_headers_for_the_provider_are_named_ones_and_never_a_credential() -> None:
    provider = Watching()
    async with serving(provider) as served:
        headers = {
            "OpenAI-Beta": "assistants=v2",
            "Idempotency-Key": "k1",
            "anthropic-beta": "x",
            "Authorization": "Bearer gw",
            "x-api-key": "gw",
            "Cookie": "c=1",
        }
        await served.client.post("/v1/chat/completions", json=chat(), headers=headers)
        (context,) = provider.contexts
        assert context.forward == {"openai-beta": "assistants=v2", "idempotency-key": "k1", "anthropic-beta": "x"}


async def test_what_no_header_can_carry_goes_no_further() -> None:
    provider = Watching()
    async with serving(provider) as served:
        client = await served.connect()
        for parent, state in ((PARENT, "v=\xff"), (PARENT.replace("00-", "01-", 1) + "-\xff", "v=1")):
            await client.send(request(chat()))
            lines = f"Traceparent: {parent}\r\nTracestate: {state}\r\n".encode("latin-1")
            assert (await client.answer())[0] == 200
            await client.send(request(chat()).replace(b"Host: gateway\r\n", b"Host: g\r\n" + lines))
            assert (await client.answer())[0] == 200
        assert [context.traceparent for context in provider.contexts] == [None, PARENT, None, None]
        assert all(context.tracestate is None for context in provider.contexts)
        await client.send(request(chat()).replace(b"Host: gateway\r\n", b"Host: g\r\nOpenAI-Beta: \xe9\r\n"))
        status, _, body = await client.answer()
        assert status == 400
        assert b"The header openai-beta holds a character" in body
