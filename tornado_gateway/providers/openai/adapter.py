"""The OpenAI provider: the only I/O of this folder.

Relays OpenAI's own protocols, and translates every other dialect to chat completions.
"""

from collections.abc import AsyncIterator, Mapping

import httpx

from tornado_gateway.domain.call import Answer, ModelCall
from tornado_gateway.domain.context import RequestContext
from tornado_gateway.domain.stream import StreamBatch
from tornado_gateway.domain.wire import OPENAI_CHAT, OPENAI_COMPLETIONS
from tornado_gateway.providers.openai import errors, request, response
from tornado_gateway.providers.openai.stream import ChatStreamReader, RelayReader
from tornado_gateway.providers.reading import Reader, batches
from tornado_gateway.providers.upstream import Reply, Upstream

_FORWARDED = ("openai-beta", "idempotency-key")


class OpenAIProvider:
    """One OpenAI-speaking provider. ``base_url`` is what the official SDK takes, with ``/v1``."""

    def __init__(self, *, name: str, base_url: str, configured: bool, retries: int, upstream: Upstream) -> None:
        self.name = name
        self.configured = configured
        self.retries = retries
        self._upstream = upstream
        base = base_url.rstrip("/")
        self._relayed: Mapping[str, httpx.URL] = {
            OPENAI_CHAT: httpx.URL(f"{base}/chat/completions"),
            OPENAI_COMPLETIONS: httpx.URL(f"{base}/completions"),
        }

    async def complete(self, call: ModelCall, model: str, context: RequestContext) -> Answer:
        """Sends the call and reads the whole answer; raises ``GatewayError``."""
        protocol = call.wire.protocol
        url = self._relayed.get(protocol)
        if url is not None:
            body = request.relayed_body(call.wire, model, stream=False)
            reply = await self._post(url, body, context)
            return response.relayed_answer(reply.body, protocol, self.name)
        body = request.chat_body(call.chat, model, context.dropped)
        reply = await self._post(self._relayed[OPENAI_CHAT], body, context)
        return response.chat_answer(reply.body, self.name)

    async def stream(self, call: ModelCall, model: str, context: RequestContext) -> AsyncIterator[StreamBatch]:
        """Yields what each read brought; raises ``GatewayError``."""
        url = self._relayed.get(call.wire.protocol)
        reader: Reader
        if url is not None:
            body = request.relayed_body(call.wire, model, stream=True)
            reader = RelayReader(self.name)
        else:
            body = request.chat_body(call.chat, model, context.dropped)
            url = self._relayed[OPENAI_CHAT]
            reader = ChatStreamReader(self.name)
        async with self._upstream.stream(url, body, context, _forwarded(context)) as reply:
            if reply.status != 200:
                raise errors.from_reply(reply.status, reply.headers, await reply.read(), self.name)
            if reply.headers.get("content-type", "").startswith("application/json"):
                # Some vendors answer a stream's error with status 200 and plain JSON.
                raise errors.from_stream(errors.read_detail(await reply.read()).message, self.name)
            async for batch in batches(reply, reader):
                yield batch

    async def _post(self, url: httpx.URL, body: bytes, context: RequestContext) -> Reply:
        reply = await self._upstream.post(url, body, context, _forwarded(context))
        if reply.status != 200:
            raise errors.from_reply(reply.status, reply.headers, reply.body, self.name)
        return reply


def _forwarded(context: RequestContext) -> list[tuple[str, str]]:
    return [(name, context.forward[name]) for name in _FORWARDED if name in context.forward]
