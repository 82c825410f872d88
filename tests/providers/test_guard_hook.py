"""A guardrail's hook, over a real transport to a real receiver: prompt, slow, odd and dead."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import tornado.httpserver
import tornado.netutil
import tornado.web

from tornado_gateway.domain.guardrails.hooks import HookFailed, HookQuestion, HookReply, PlacedText
from tornado_gateway.domain.guardrails.rules import HookRule
from tornado_gateway.providers import guard_hook
from tornado_gateway.providers.guard_hook import HttpHooks
from tornado_gateway.providers.pooled import PooledTransport

QUESTION = HookQuestion(
    request_id="req_1",
    direction="request",
    route="gpt-4",
    model="gpt-4",
    stream=False,
    texts=[PlacedText("messages[0].content", "Hello é")],
)


@dataclass
class Receiver:
    """Answers with ``body`` and ``status``; None says nothing at all."""

    body: bytes | None = b'{"action":"allow"}'
    status: int = 200
    url: str = ""
    seen: list[tuple[dict[str, str], Any]] = field(default_factory=list)


@asynccontextmanager
async def receiving(receiver: Receiver) -> AsyncIterator[HttpHooks]:
    over = asyncio.Event()

    class Handler(tornado.web.RequestHandler):
        async def post(self) -> None:
            receiver.seen.append((dict(self.request.headers), json.loads(self.request.body)))
            if receiver.body is None:
                await over.wait()
                return
            self.set_status(receiver.status)
            self.finish(receiver.body)

    server = tornado.httpserver.HTTPServer(tornado.web.Application([("/check", Handler)]))
    sockets = tornado.netutil.bind_sockets(0, "127.0.0.1")
    server.add_sockets(sockets)
    receiver.url = f"http://127.0.0.1:{sockets[0].getsockname()[1]}/check"
    transport = PooledTransport()
    try:
        yield HttpHooks(transport)
    finally:
        over.set()
        await transport.aclose()
        server.stop()
        await server.close_all_connections()


async def test_a_question_and_its_answer() -> None:
    receiver = Receiver(b'{"action":"redact","more":1,"replacements":[{"path":"messages[0].content","text":"Hi"}]}')
    async with receiving(receiver) as hooks:
        rule = HookRule("hook", receiver.url, headers={"authorization": "Bearer planted"})
        reply = await hooks.ask(rule, QUESTION)
    assert reply == HookReply("redact", None, [PlacedText("messages[0].content", "Hi")])
    ((headers, asked),) = receiver.seen
    assert asked == {
        "request_id": "req_1",
        "direction": "request",
        "route": "gpt-4",
        "model": "gpt-4",
        "stream": False,
        "texts": [{"path": "messages[0].content", "text": "Hello é"}],
    }
    assert headers["Authorization"] == "Bearer planted"
    assert headers["Content-Type"] == "application/json"
    assert headers["User-Agent"] == "tornado-gateway"


@pytest.mark.parametrize("action", ["allow", "deny", "flag"])
async def test_all_but_the_action_may_be_left_out(action: str) -> None:
    receiver = Receiver(json.dumps({"action": action}).encode())
    async with receiving(receiver) as hooks:
        assert (await hooks.ask(HookRule("hook", receiver.url), QUESTION)).action == action


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (b"{}", 200, "its answer has not the form of one"),
        (b'{"action":"perhaps"}', 200, "its answer has not the form of one"),
        (b'{"action":"redact","replacements":[1]}', 200, "its answer has not the form of one"),
        (b"nonsense", 200, "its answer has not the form of one"),
        (b'{"action":"allow"}', 500, "status 500"),
        (b"{}", 301, "status 301"),
    ],
)
async def test_what_is_no_answer(body: bytes, status: int, reason: str) -> None:
    receiver = Receiver(body, status)
    async with receiving(receiver) as hooks:
        with pytest.raises(HookFailed) as raised:
            await hooks.ask(HookRule("hook", receiver.url), QUESTION)
    assert raised.value.reason == reason


async def test_one_that_takes_too_long_is_not_waited_for() -> None:
    receiver = Receiver(None)
    async with receiving(receiver) as hooks:
        began = time.monotonic()
        with pytest.raises(HookFailed) as raised:
            await hooks.ask(HookRule("hook", receiver.url, deadline=0.1), QUESTION)
        assert time.monotonic() - began < 2
    assert raised.value.reason == "no answer within 0.1 seconds"
    assert len(receiver.seen) == 1


async def test_one_that_is_not_there_is_not_named_with_its_secrets() -> None:
    transport = PooledTransport()
    with pytest.raises(HookFailed) as raised:
        await HttpHooks(transport).ask(HookRule("hook", "http://user:planted@127.0.0.1:1/planted"), QUESTION)
    await transport.aclose()
    assert raised.value.reason == "ConnectError"


async def test_an_answer_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard_hook, "_MOST_BYTES", 10)
    receiver = Receiver(b'{"action":"allow"}')
    async with receiving(receiver) as hooks:
        with pytest.raises(HookFailed, match="too large"):
            await hooks.ask(HookRule("hook", receiver.url), QUESTION)


async def test_a_text_that_can_not_be_written_down() -> None:
    transport = PooledTransport()
    texts = [PlacedText("messages[0].content", "\ud800")]
    question = HookQuestion(request_id="r", direction="request", route="r", model="m", stream=False, texts=texts)
    with pytest.raises(HookFailed, match="no Unicode"):
        await HttpHooks(transport).ask(HookRule("hook", "http://127.0.0.1:1"), question)
    await transport.aclose()
