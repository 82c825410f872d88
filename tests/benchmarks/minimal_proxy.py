"""A minimal Tornado proxy over the quickest transport for httpx that there is to install: what relaying costs with
nothing around it.

No routing, no prices, no log, no metrics, no errors: the least that could be called a proxy.
"""

import asyncio
import sys

import aiohttp
import httpx
import tornado.httpserver
import tornado.web
from hosting import announce, end_with_parent, listening_socket
from httpx_aiohttp import AiohttpTransport
from settings import KEY
from tornado.iostream import StreamClosedError


class Relay(tornado.web.RequestHandler):
    def initialize(self, transport: AiohttpTransport, base_url: str) -> None:
        self._transport = transport
        self._base_url = base_url

    async def post(self) -> None:
        headers = [("content-type", "application/json"), ("authorization", f"Bearer {KEY}")]
        url = self._base_url + self.request.path.removeprefix("/v1")
        request = httpx.Request("POST", url, headers=headers, content=self.request.body)
        response = await self._transport.handle_async_request(request)
        assert isinstance(response.stream, httpx.AsyncByteStream)
        self.set_status(response.status_code)
        content_type = response.headers["content-type"]
        self.set_header("Content-Type", content_type)
        try:
            if not content_type.startswith("text/event-stream"):
                self.finish(b"".join([part async for part in response.stream]))
                return
            async for part in response.stream:
                self.write(part)
                await self.flush()
        except StreamClosedError:
            pass  # the client is gone
        finally:
            await response.stream.aclose()


async def serve(base_url: str) -> None:
    """Relays to ``base_url`` until the parent dies."""
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=30)
    session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
    arguments = {"transport": AiohttpTransport(client=session), "base_url": base_url}
    application = tornado.web.Application([(r"/.*", Relay, arguments)], log_function=lambda handler: None)
    server = tornado.httpserver.HTTPServer(application)
    listener = listening_socket()
    server.add_socket(listener)
    announce(listener)
    await end_with_parent(3600)


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
