"""Asks a guardrail's hook by HTTP: a POST of JSON, one try, and a deadline over all of it.

A question::

    {"request_id": "req_1", "direction": "request", "route": "gpt-4", "model": "gpt-4", "stream": false,
     "texts": [{"path": "messages[0].content", "text": "..."}]}

and an answer, of which all but ``action`` (``allow``, ``deny``, ``redact`` or ``flag``) may be left out::

    {"action": "redact", "message": null, "replacements": [{"path": "messages[0].content", "text": "..."}]}
"""

import asyncio

import httpx
import msgspec

from tornado_gateway.domain.guardrails.hooks import HookFailed, HookQuestion, HookReply
from tornado_gateway.domain.guardrails.rules import HookRule
from tornado_gateway.providers.bounded import TooLong, read_at_most
from tornado_gateway.providers.transport_errors import TRANSPORT_ERRORS

_MOST_BYTES = 16 * 1024 * 1024
"""Of an answer: it may hold every text of a request anew."""

_reply = msgspec.json.Decoder(HookReply)


class HttpHooks:
    """``HookClient`` over the shared transport."""

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        self._transport = transport

    async def ask(self, rule: HookRule, question: HookQuestion) -> HookReply:
        try:
            async with asyncio.timeout(rule.deadline):
                body = await self._post(rule, msgspec.json.encode(question))
        except TimeoutError:
            raise HookFailed(f"no answer within {rule.deadline:g} seconds") from None
        except UnicodeEncodeError:
            raise HookFailed("a text is no Unicode") from None
        except (httpx.InvalidURL, *TRANSPORT_ERRORS) as error:
            raise HookFailed(type(error).__name__) from None
        try:
            return _reply.decode(body)
        except (msgspec.DecodeError, RecursionError):
            raise HookFailed("its answer has not the form of one") from None

    async def _post(self, rule: HookRule, body: bytes) -> bytes:
        wait = rule.deadline
        request = httpx.Request(
            "POST",
            rule.url,
            headers=[("content-type", "application/json"), ("user-agent", "tornado-gateway"), *rule.headers.items()],
            content=body,
            extensions={"timeout": {"connect": wait, "read": wait, "write": wait, "pool": None}},
        )
        response = await self._transport.handle_async_request(request)
        try:
            if response.status_code != 200:
                raise HookFailed(f"status {response.status_code}")
            return await read_at_most(_MOST_BYTES, response)
        except TooLong:
            raise HookFailed("its answer is too large") from None
        finally:
            await response.aclose()
