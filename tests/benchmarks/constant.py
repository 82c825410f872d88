"""A Tornado handler that answers a constant: the floor under everything that Tornado serves."""

import asyncio

import tornado.httpserver
import tornado.web
from hosting import announce, end_with_parent, listening_socket
from upstream import completion

_BODY = completion().partition(b"\r\n\r\n")[2]


class Constant(tornado.web.RequestHandler):
    def post(self) -> None:
        self.set_header("Content-Type", "application/json")
        self.finish(_BODY)


async def serve() -> None:
    """Serves until the parent dies."""
    application = tornado.web.Application([(r"/.*", Constant)], log_function=lambda handler: None)
    server = tornado.httpserver.HTTPServer(application)
    listener = listening_socket()
    server.add_socket(listener)
    announce(listener)
    await end_with_parent(3600)


if __name__ == "__main__":
    asyncio.run(serve())
