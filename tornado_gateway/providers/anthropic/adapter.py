"""The Anthropic provider: the only I/O of this folder.

Relays Anthropic's own protocols, and translates every other dialect to a Messages request.
"""

from collections.abc import AsyncIterator

import httpx

from tornado_gateway.domain.call import Answer, ModelCall
from tornado_gateway.domain.context import RequestContext
from tornado_gateway.domain.stream import StreamBatch
from tornado_gateway.domain.wire import ANTHROPIC_MESSAGES
from tornado_gateway.providers.anthropic import errors, relay, request, response
from tornado_gateway.providers.anthropic.stream import MessagesStreamReader, RelayReader
from tornado_gateway.providers.reading import batches
from tornado_gateway.providers.upstream import Reply, Upstream

DEFAULT_VERSION = "2023-06-01"

_FORWARDED = ("anthropic-beta", "idempotency-key")


class AnthropicProvider:
    """One provider of the Messages API. ``base_url`` is what the official SDK takes, without ``/v1``.

    ``version`` goes into ``anthropic-version`` where the caller names none.
    """

    def __init__(
        self,
        *,
        name: str,
        base_url: str,
        configured: bool,
        retries: int,
        upstream: Upstream,
        version: str = DEFAULT_VERSION,
    ) -> None:
        self.name = name
        self.configured = configured
        self.retries = retries
        self._upstream = upstream
        self._version = version
        base = base_url.rstrip("/").removesuffix("/v1")
        self._messages = httpx.URL(f"{base}/v1/messages")
        self._count = httpx.URL(f"{base}/v1/messages/count_tokens")

    async def probe(self, path: str, context: RequestContext) -> None:
        """Asks whether somebody is at home; raises ``GatewayError`` where nobody is."""
        await self._upstream.probe(path, context)

    async def complete(self, call: ModelCall, model: str, context: RequestContext) -> Answer:
        """Sends the call and reads the whole answer; raises ``GatewayError``."""
        if call.wire.protocol == ANTHROPIC_MESSAGES:
            reply = await self._post(self._messages, relay.body(call.wire, model), context)
            return response.relayed_answer(reply.body, self.name)
        reply = await self._post(self._messages, request.chat_body(call.chat, model, context.dropped), context)
        return response.chat_answer(reply.body, self.name)

    async def stream(self, call: ModelCall, model: str, context: RequestContext) -> AsyncIterator[StreamBatch]:
        """Yields what each read brought; raises ``GatewayError``."""
        reader: RelayReader | MessagesStreamReader
        if call.wire.protocol == ANTHROPIC_MESSAGES:
            body = relay.body(call.wire, model)
            reader = RelayReader(self.name)
        else:
            body = request.chat_body(call.chat, model, context.dropped)
            reader = MessagesStreamReader(self.name)
        async with await self._upstream.open(self._messages, body, context, self._headers(context)) as reply:
            if reply.status != 200:
                raise errors.from_reply(reply.status, reply.headers, await reply.read(), self.name)
            if reply.headers.get("content-type", "").startswith("application/json"):
                raise response.no_stream(await reply.read(), self.name)
            async for batch in batches(reply, reader):
                yield batch

    async def count_tokens(self, call: ModelCall, model: str, context: RequestContext) -> Answer:
        """How long the prompt is, by the provider's own count; raises ``GatewayError``."""
        reply = await self._post(self._count, relay.body(call.wire, model), context)
        return response.relayed_count(reply.body, self.name)

    async def _post(self, url: httpx.URL, body: bytes, context: RequestContext) -> Reply:
        reply = await self._upstream.post(url, body, context, self._headers(context))
        if reply.status != 200:
            raise errors.from_reply(reply.status, reply.headers, reply.body, self.name)
        return reply

    def _headers(self, context: RequestContext) -> list[tuple[str, str]]:
        forward = context.forward
        version = ("anthropic-version", forward.get("anthropic-version", self._version))
        return [version, *((name, forward[name]) for name in _FORWARDED if name in forward)]
