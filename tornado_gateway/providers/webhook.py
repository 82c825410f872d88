"""Tells webhooks what happens: a POST of JSON each, tried again where that may help, off everybody's path.

A message::

    {"id": "evt_...", "event": "budget_threshold", "created": "2026-01-15T10:30:00Z", "data": {"subject": "key team-a",
     "percent": 80, "spent": 20.1, "amount": 25, "currency": "USD", "period": "month", "time_zone": "UTC",
     "began": "2026-01-01T00:00:00Z", "ends": "2026-02-01T00:00:00Z"}}

``X-Gateway-Delivery`` repeats the id: a message that is tried again has the same. Where the webhook has a secret,
``X-Gateway-Signature`` is ``sha256=`` and the HMAC-SHA256 of ``X-Gateway-Timestamp``, a dot and the body.
"""

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec

from tornado_gateway.domain.events import BudgetThreshold, Event, WebhookSent
from tornado_gateway.domain.money import decimal_digits
from tornado_gateway.domain.ports import Clock, Publisher
from tornado_gateway.domain.webhooks import BUDGET_THRESHOLD, Webhook
from tornado_gateway.providers.transport_errors import TRANSPORT_ERRORS

PAUSES = (1.0, 4.0, 16.0, 64.0)
"""Seconds before each further try."""

_WAIT = 10.0
"""Seconds that a receiver may take."""

_AT_ONCE = 64
"""Messages under way; one that comes beyond it is not sent."""

_CLOSING = 2.0
"""Seconds that messages under way get at the end."""


class Webhooks:
    """A subscriber of the event bus; ``hooks`` are those of the configuration in force."""

    name = "webhooks"

    def __init__(
        self,
        *,
        transport: httpx.AsyncBaseTransport,
        hooks: Callable[[], Sequence[Webhook]],
        clock: Clock,
        publisher: Publisher,
    ) -> None:
        self._transport = transport
        self._hooks = hooks
        self._clock = clock
        self._publisher = publisher
        self._sending: set[asyncio.Task[None]] = set()

    def handle(self, events: Sequence[Event]) -> None:
        for event in events:
            if isinstance(event, BudgetThreshold):
                self._tell(BUDGET_THRESHOLD, _threshold(event))

    async def close(self) -> None:
        """Lets what is under way end, for a moment."""
        if self._sending:
            _, late = await asyncio.wait(self._sending, timeout=_CLOSING)
            for task in late:
                task.cancel()

    def _tell(self, name: str, data: dict[str, Any]) -> None:
        for hook in self._hooks():
            if name not in hook.events:
                continue
            if len(self._sending) >= _AT_ONCE:
                self._publisher.publish(WebhookSent(name, _host(hook), 0, "too many are under way"))
                continue
            message = {"id": f"evt_{secrets.token_hex(12)}", "event": name, "created": self._clock.now(), "data": data}
            task = asyncio.ensure_future(self._send(hook, name, message))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def _send(self, hook: Webhook, name: str, message: dict[str, Any]) -> None:
        body = msgspec.json.encode(message)
        tries = 0
        for pause in (*PAUSES, None):
            tries += 1
            failure, again = await self._post(hook, name, message["id"], body)
            if failure is None or not again or pause is None:
                break
            await self._clock.sleep(pause)
        self._publisher.publish(WebhookSent(name, _host(hook), tries, failure))

    async def _post(self, hook: Webhook, name: str, delivery: str, body: bytes) -> tuple[str | None, bool]:
        """What went wrong, None where nothing did, and whether another try may help."""
        try:
            request = httpx.Request(
                "POST",
                hook.url,
                headers=self._headers(hook, name, delivery, body),
                content=body,
                extensions={"timeout": {"connect": _WAIT, "read": _WAIT, "write": _WAIT, "pool": None}},
            )
            async with asyncio.timeout(_WAIT):
                response = await self._transport.handle_async_request(request)
                await response.aclose()
        except (TimeoutError, *TRANSPORT_ERRORS) as error:
            return type(error).__name__, True
        except httpx.InvalidURL:
            return "no address", False
        status = response.status_code
        if 200 <= status < 300:
            return None, False
        return f"status {status}", status >= 500 or status in (408, 425, 429)

    def _headers(self, hook: Webhook, name: str, delivery: str, body: bytes) -> list[tuple[str, str]]:
        timestamp = str(int(self._clock.now().timestamp()))
        headers = [
            ("content-type", "application/json"),
            ("user-agent", "tornado-gateway"),
            ("x-gateway-event", name),
            ("x-gateway-delivery", delivery),
            ("x-gateway-timestamp", timestamp),
        ]
        if hook.secret is not None:
            signed = hmac.new(hook.secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256)
            headers.append(("x-gateway-signature", f"sha256={signed.hexdigest()}"))
        return headers


def _threshold(event: BudgetThreshold) -> dict[str, Any]:
    return {
        "subject": event.subject,
        "percent": event.percent,
        "spent": msgspec.Raw(decimal_digits(event.spent).encode()),
        "amount": msgspec.Raw(decimal_digits(event.amount).encode()),
        "currency": "USD",
        "period": event.period,
        "time_zone": event.time_zone,
        "began": event.began,
        "ends": event.ends,
    }


def _host(hook: Webhook) -> str:
    """What may be shown of an address."""
    try:
        return urlsplit(hook.url).hostname or ""
    except ValueError:
        return ""
