"""The OpenAI provider: the only I/O of this folder.

Relays OpenAI's own protocols as far as the vendor speaks them, and translates everything else to chat completions.
"""

from collections.abc import AsyncIterator

import httpx

from tornado_gateway.domain.call import Answer, ModelCall
from tornado_gateway.domain.context import RequestContext
from tornado_gateway.domain.embeddings import EmbeddingCall, no_embeddings
from tornado_gateway.domain.stream import StreamBatch
from tornado_gateway.domain.wire import OPENAI_CHAT, OPENAI_EMBEDDINGS, OPENAI_RESPONSES
from tornado_gateway.providers.openai import errors, relay, request, response, responses_relay
from tornado_gateway.providers.openai.endpoints import Endpoints
from tornado_gateway.providers.openai.responses_stream import ResponsesRelayReader
from tornado_gateway.providers.openai.stream import ChatStreamReader, RelayReader
from tornado_gateway.providers.openai.vendor import OPENAI, Vendor
from tornado_gateway.providers.reading import Reader, batches
from tornado_gateway.providers.upstream import Reply, Upstream

_FORWARDED = ("openai-beta", "idempotency-key")


class OpenAIProvider:
    """One provider of OpenAI's protocol; ``vendor`` says what it does its own way."""

    def __init__(
        self,
        *,
        name: str,
        endpoints: Endpoints,
        configured: bool,
        retries: int,
        upstream: Upstream,
        vendor: Vendor = OPENAI,
    ) -> None:
        self.name = name
        self.configured = configured
        self.retries = retries
        self._endpoints = endpoints
        self._upstream = upstream
        self._vendor = vendor

    async def probe(self, path: str, context: RequestContext) -> None:
        """Asks whether somebody is at home; raises ``GatewayError`` where nobody is."""
        await self._upstream.probe(path, context)

    async def complete(self, call: ModelCall, model: str, context: RequestContext) -> Answer:
        """Sends the call and reads the whole answer; raises ``GatewayError``."""
        protocol = call.wire.protocol
        url = self._endpoints.url(protocol, model)
        if url is None:
            body = request.chat_body(call.chat, model, context.dropped, self._vendor)
            reply = await self._post(self._chat(model), body, context)
            return response.chat_answer(reply.body, self.name)
        reply = await self._post(url, self._relayed_body(call, model, context, stream=False), context)
        if protocol == OPENAI_RESPONSES:
            return responses_relay.relayed_answer(reply.body, self.name)
        return response.relayed_answer(reply.body, protocol, self.name)

    async def embed(self, call: EmbeddingCall, model: str, context: RequestContext) -> Answer:
        """Vectors, relayed; raises ``GatewayError``."""
        if self._endpoints.url(OPENAI_EMBEDDINGS, model) is None:
            raise no_embeddings(self.name)
        return await self.complete(call, model, context)

    async def stream(self, call: ModelCall, model: str, context: RequestContext) -> AsyncIterator[StreamBatch]:
        """Yields what each read brought; raises ``GatewayError``."""
        protocol = call.wire.protocol
        url = self._endpoints.url(protocol, model)
        reader: Reader
        if url is None:
            body = request.chat_body(call.chat, model, context.dropped, self._vendor)
            url = self._chat(model)
            reader = ChatStreamReader(self.name)
        else:
            body = self._relayed_body(call, model, context, stream=True)
            reader = ResponsesRelayReader(self.name) if protocol == OPENAI_RESPONSES else RelayReader(self.name)
        async with await self._upstream.open(url, body, context, _forwarded(context)) as reply:
            if reply.status != 200:
                raise errors.from_reply(reply.status, reply.headers, await reply.read(), self.name)
            if reply.headers.get("content-type", "").startswith("application/json"):
                # Some vendors answer a stream's error with status 200 and plain JSON.
                raise errors.from_document(await reply.read(), self.name)
            async for batch in batches(reply, reader):
                yield batch

    def _chat(self, model: str) -> httpx.URL:
        url = self._endpoints.url(OPENAI_CHAT, model)
        assert url is not None, "chat completions are what every vendor has"
        return url

    def _relayed_body(self, call: ModelCall, model: str, context: RequestContext, *, stream: bool) -> bytes:
        if call.wire.protocol == OPENAI_RESPONSES:
            return responses_relay.body(call.wire, model)
        return relay.relayed_body(call.wire, model, stream=stream, vendor=self._vendor, dropped=context.dropped)

    async def _post(self, url: httpx.URL, body: bytes, context: RequestContext) -> Reply:
        reply = await self._upstream.post(url, body, context, _forwarded(context))
        if reply.status != 200:
            raise errors.from_reply(reply.status, reply.headers, reply.body, self.name)
        return reply


def _forwarded(context: RequestContext) -> list[tuple[str, str]]:
    return [(name, context.forward[name]) for name in _FORWARDED if name in context.forward]
