"""The official SDKs, reading what the gateway would write."""

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from anthropic import Anthropic
from anthropic.types import Message as SdkMessage
from openai import OpenAI
from openai.types.responses import Response as SdkResponse

_ENDS = ("response.completed", "response.incomplete", "response.failed")


class Replay(BaseHTTPRequestHandler):
    """Answers every request with ``body``."""

    body = b""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def replaying() -> Iterator[str]:
    """The address of a server that replays."""
    server = HTTPServer(("127.0.0.1", 0), Replay)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def sdk_response(replaying: str) -> Iterator[Callable[[bytes], SdkResponse]]:
    """What the official SDK makes of a stream of Responses, read from a real socket."""
    client = OpenAI(api_key="k", base_url=replaying, max_retries=0)

    def read(body: bytes) -> SdkResponse:
        Replay.body = body
        with client.responses.stream(model="m", input="hi") as stream:
            return next(event.response for event in stream if event.type in _ENDS)  # type: ignore[union-attr]

    yield read
    client.close()


@pytest.fixture(scope="module")
def sdk_message(replaying: str) -> Iterator[Callable[[bytes], SdkMessage]]:
    """What the official SDK makes of a stream, read from a real socket."""
    client = Anthropic(api_key="k", base_url=replaying, max_retries=0)

    def read(body: bytes) -> SdkMessage:
        Replay.body = body
        with client.messages.stream(model="m", max_tokens=1, messages=[{"role": "user", "content": "hi"}]) as stream:
            return stream.get_final_message()

    yield read
    client.close()
