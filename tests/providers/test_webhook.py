"""Webhooks, over a real transport to a real receiver."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import tornado.httpserver
import tornado.netutil
import tornado.web

from tests.serving import until
from tests.support import NOW, FakeClock, Recorder
from tornado_gateway.domain.events import BudgetThreshold, RequestStarted, WebhookSent
from tornado_gateway.domain.webhooks import Webhook
from tornado_gateway.providers.pooled import PooledTransport
from tornado_gateway.providers.webhook import PAUSES, Webhooks

THRESHOLD = BudgetThreshold(
    subject="key team-a",
    percent=80,
    spent=Decimal("20.10"),
    amount=Decimal(25),
    period="month",
    time_zone="Europe/Berlin",
    began=datetime(2023, 12, 31, 23, tzinfo=UTC),
    ends=datetime(2024, 1, 31, 23, tzinfo=UTC),
)


@dataclass
class Receiver:
    """Answers with ``statuses`` in order, the last one again and again; None says nothing at all."""

    statuses: list[int | None]
    url: str = ""
    seen: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@dataclass
class Run:
    receiver: Receiver
    hooks: list[Webhook]
    webhooks: Webhooks
    recorder: Recorder
    clock: FakeClock

    @property
    def sent(self) -> list[WebhookSent]:
        return self.recorder.of(WebhookSent)


@asynccontextmanager
async def telling(*statuses: int | None, secret: str | None = None) -> AsyncIterator[Run]:
    receiver = Receiver(list(statuses))

    class Handler(tornado.web.RequestHandler):
        async def post(self, path: str) -> None:
            assert path == "planted"
            receiver.seen.append((dict(self.request.headers.get_all()), self.request.body))
            status = receiver.statuses.pop(0) if len(receiver.statuses) > 1 else receiver.statuses[0]
            if status is None:
                self.request.connection.stream.close()  # type: ignore[union-attr]
                return
            self.set_status(status)
            if status == 302:
                self.set_header("Location", receiver.url)

    server = tornado.httpserver.HTTPServer(tornado.web.Application([(r"/(.*)", Handler)], log_function=lambda _: None))
    sockets = tornado.netutil.bind_sockets(0, "127.0.0.1")
    server.add_sockets(sockets)
    receiver.url = f"http://127.0.0.1:{sockets[0].getsockname()[1]}/planted"
    hooks = [Webhook(receiver.url, secret=secret)]
    clock, recorder, transport = FakeClock(), Recorder(), PooledTransport()
    webhooks = Webhooks(transport=transport, hooks=lambda: hooks, clock=clock, publisher=recorder)
    try:
        yield Run(receiver, hooks, webhooks, recorder, clock)
    finally:
        await webhooks.close()
        await transport.aclose()
        server.stop()
        await server.close_all_connections()


async def test_what_is_told() -> None:
    async with telling(204) as run:
        run.webhooks.handle([RequestStarted("r", "openai.chat", False), THRESHOLD])
        await until(lambda: bool(run.sent))
        assert run.sent == [WebhookSent("budget_threshold", "127.0.0.1", 1, None)]
        ((headers, body),) = run.receiver.seen
        message = json.loads(body, parse_float=Decimal)
        assert message.pop("id") == headers["X-Gateway-Delivery"]
        assert message == {
            "event": "budget_threshold",
            "created": "2024-01-15T10:30:00Z",
            "data": {
                "subject": "key team-a",
                "percent": 80,
                "spent": Decimal("20.1"),
                "amount": 25,
                "currency": "USD",
                "period": "month",
                "time_zone": "Europe/Berlin",
                "began": "2023-12-31T23:00:00Z",
                "ends": "2024-01-31T23:00:00Z",
            },
        }
        assert headers["Content-Type"] == "application/json"
        assert headers["X-Gateway-Event"] == "budget_threshold"
        assert "X-Gateway-Signature" not in headers


async def test_a_receiver_can_tell_who_wrote() -> None:
    async with telling(200, secret="s3cret") as run:
        run.webhooks.handle([THRESHOLD])
        await until(lambda: bool(run.sent))
        ((headers, body),) = run.receiver.seen
        assert headers["X-Gateway-Timestamp"] == str(int(NOW.timestamp()))
        signed = hmac.new(b"s3cret", headers["X-Gateway-Timestamp"].encode() + b"." + body, hashlib.sha256).hexdigest()
        assert headers["X-Gateway-Signature"] == f"sha256={signed}"


async def test_it_is_tried_again_under_the_same_id() -> None:
    async with telling(500, None, 429, 200) as run:
        run.webhooks.handle([THRESHOLD])
        await until(lambda: bool(run.sent))
        assert run.sent == [WebhookSent("budget_threshold", "127.0.0.1", 4, None)]
        assert run.clock.slept == list(PAUSES[:3])
        assert len({headers["X-Gateway-Delivery"] for headers, _ in run.receiver.seen}) == 1
        assert len({body for _, body in run.receiver.seen}) == 1


async def test_in_the_end_it_is_given_up() -> None:
    async with telling(503) as run:
        run.webhooks.handle([THRESHOLD])
        await until(lambda: bool(run.sent))
        assert run.sent == [WebhookSent("budget_threshold", "127.0.0.1", 5, "status 503")]
        assert run.clock.slept == list(PAUSES)


async def test_who_refuses_is_not_asked_again_and_nobody_is_followed() -> None:
    for status in (302, 400, 404, 410):
        async with telling(status) as run:
            run.webhooks.handle([THRESHOLD])
            await until(lambda: bool(run.sent))
            assert run.sent == [WebhookSent("budget_threshold", "127.0.0.1", 1, f"status {status}")]
            assert len(run.receiver.seen) == 1


async def test_nobody_there() -> None:
    async with telling(200) as run:
        run.hooks[:] = [Webhook("http://127.0.0.1:1/planted"), Webhook("http://[::1/planted")]
        run.webhooks.handle([THRESHOLD])
        await until(lambda: len(run.sent) == 2)
        assert {(event.tries, "planted" in repr(event)) for event in run.sent} == {(5, False), (1, False)}


async def test_only_who_asked_for_it_and_only_in_the_file_in_force() -> None:
    async with telling(200) as run:
        run.hooks[:] = [Webhook(run.receiver.url, events=frozenset())]
        run.webhooks.handle([THRESHOLD])
        run.hooks.clear()
        run.webhooks.handle([THRESHOLD])
        await run.webhooks.close()
        assert run.receiver.seen == []
        assert run.sent == []


async def test_the_number_under_way_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tornado_gateway.providers.webhook._CLOSING", 0.1)

    class Waiting(FakeClock):
        async def sleep(self, seconds: float) -> None:
            await asyncio.Event().wait()

    async with telling(500) as run:
        webhooks: Any = Webhooks(
            transport=PooledTransport(), hooks=lambda: run.hooks, clock=Waiting(), publisher=run.recorder
        )
        webhooks.handle([THRESHOLD] * 70)
        assert [event.failure for event in run.sent] == ["too many are under way"] * 6
        await webhooks.close()
        await until(lambda: not webhooks._sending)
        await webhooks._transport.aclose()
