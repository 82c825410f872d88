"""The official SDKs, reading what the gateway would write."""

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from anthropic import Anthropic
from anthropic.types import Message as SdkMessage


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
def sdk_message() -> Iterator[Callable[[bytes], SdkMessage]]:
    """What the official SDK makes of a stream, read from a real socket."""
    server = HTTPServer(("127.0.0.1", 0), Replay)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    client = Anthropic(api_key="k", base_url=f"http://127.0.0.1:{server.server_port}", max_retries=0)

    def read(body: bytes) -> SdkMessage:
        Replay.body = body
        with client.messages.stream(model="m", max_tokens=1, messages=[{"role": "user", "content": "hi"}]) as stream:
            return stream.get_final_message()

    yield read
    client.close()
    server.shutdown()
    thread.join()
    server.server_close()
