"""An OTLP receiver on the loopback: takes what is posted, opens the protobuf, and answers as it is told to."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass
class Receiver:
    """``status`` and ``body`` are what posts are answered with; ``hold`` keeps an answer back until it is set."""

    url: str = ""
    status: int = 200
    body: bytes = b""
    answer_headers: dict[str, str] = field(default_factory=dict)
    hold: threading.Event | None = None
    headers: list[dict[str, str]] = field(default_factory=list)
    traces: list[Any] = field(default_factory=list)
    metrics: list[Any] = field(default_factory=list)
    posts: int = 0

    def spans(self) -> list[Any]:
        return [span for request in self.traces for scoped in _scopes(request) for span in scoped.spans]

    def span(self, name: str, kind: int) -> Any:
        (found,) = [span for span in self.spans() if span.name == name and span.kind == kind]
        return found

    def points(self, name: str) -> list[Any]:
        """Of the latest export."""
        latest = self.metrics[-1].resource_metrics
        metrics = [metric for each in latest for scoped in each.scope_metrics for metric in scoped.metrics]
        return [point for metric in metrics if metric.name == name for point in metric.histogram.data_points]

    def wait(self, condition: Callable[[], bool], seconds: float = 5.0) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"not within {seconds} seconds: {self.posts} posts came"
            time.sleep(0.005)


def _scopes(request: Any) -> list[Any]:
    return [scoped for each in request.resource_spans for scoped in each.scope_spans]


def attributes(holder: Any) -> dict[str, Any]:
    """A span's, a resource's or a point's attributes as plain values."""
    return {pair.key: _plain(pair.value) for pair in holder.attributes}


def _plain(value: Any) -> Any:
    which = value.WhichOneof("value")
    return [_plain(each) for each in value.array_value.values] if which == "array_value" else getattr(value, which)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A sender that hung up, which some tests want."""


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.posts += 1
            receiver.headers.append({name.lower(): value for name, value in self.headers.items()})
            if receiver.hold is not None:
                receiver.hold.wait(10)
            status = receiver.status
            if status == 200 and self.path.endswith("/v1/traces"):
                receiver.traces.append(ExportTraceServiceRequest.FromString(body))
            elif status == 200 and self.path.endswith("/v1/metrics"):
                receiver.metrics.append(ExportMetricsServiceRequest.FromString(body))
            self.send_response(status)
            for name, value in receiver.answer_headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(receiver.body)))
            self.end_headers()
            self.wfile.write(receiver.body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's word
            """Nobody reads it."""

    server = _Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
