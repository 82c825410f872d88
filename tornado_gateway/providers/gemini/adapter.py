"""The Gemini provider: the only I/O of this folder.

No caller speaks Gemini's protocol, so that every call is translated.
"""

import re
from collections.abc import AsyncIterator

import httpx

from tornado_gateway.domain.call import Answer, ModelCall
from tornado_gateway.domain.context import RequestContext
from tornado_gateway.domain.embeddings import EmbeddingCall
from tornado_gateway.domain.stream import StreamBatch
from tornado_gateway.providers.gemini import embeddings, errors, models, request, response
from tornado_gateway.providers.gemini.stream import GenerateStreamReader
from tornado_gateway.providers.reading import batches
from tornado_gateway.providers.upstream import Upstream

DEFAULT_BASE_URL = "https://generativelanguage.googleapis.com"

_VERSIONED = re.compile(r"/v\d+(?:alpha|beta)?\d*\Z")


class GeminiProvider:
    """One provider of the Gemini API. ``base_url`` is what the official SDK takes, as a rule without a version."""

    def __init__(self, *, name: str, base_url: str, configured: bool, retries: int, upstream: Upstream) -> None:
        self.name = name
        self.configured = configured
        self.retries = retries
        self._upstream = upstream
        base = base_url.rstrip("/")
        self._base = base if _VERSIONED.search(base) else f"{base}/v1beta"

    async def probe(self, path: str, context: RequestContext) -> None:
        """Asks whether somebody is at home; raises ``GatewayError`` where nobody is."""
        await self._upstream.probe(path, context)

    async def complete(self, call: ModelCall, model: str, context: RequestContext) -> Answer:
        """Sends the call and reads the whole answer; raises ``GatewayError``."""
        body = request.chat_body(call.chat, model, context.dropped)
        reply = await self._upstream.post(self._url(model, "generateContent"), body, context)
        if reply.status != 200:
            raise errors.from_reply(reply.status, reply.headers, reply.body, self.name)
        return response.chat_answer(reply.body, self.name)

    async def embed(self, call: EmbeddingCall, model: str, context: RequestContext) -> Answer:
        """Vectors of the call's texts; raises ``GatewayError``."""
        texts, dimensions = embeddings.wanted(call, context.dropped)
        if len(texts) == 1:
            method, body = "embedContent", embeddings.single_body(model, texts[0], dimensions)
        else:
            method, body = "batchEmbedContents", embeddings.batch_body(model, texts, dimensions)
        reply = await self._upstream.post(self._url(model, method), body, context)
        if reply.status != 200:
            raise errors.from_reply(reply.status, reply.headers, reply.body, self.name)
        vectors, usage = embeddings.read_embeddings(reply.body, len(texts), self.name)
        return Answer(usage=usage, embeddings=vectors)

    async def stream(self, call: ModelCall, model: str, context: RequestContext) -> AsyncIterator[StreamBatch]:
        """Yields what each read brought; raises ``GatewayError``."""
        body = request.chat_body(call.chat, model, context.dropped)
        url = self._url(model, "streamGenerateContent?alt=sse")
        async with await self._upstream.open(url, body, context) as reply:
            if reply.status != 200:
                raise errors.from_reply(reply.status, reply.headers, await reply.read(), self.name)
            async for batch in batches(reply, GenerateStreamReader(self.name)):
                yield batch

    def _url(self, model: str, method: str) -> httpx.URL:
        return httpx.URL(f"{self._base}/{models.path(model)}:{method}")
