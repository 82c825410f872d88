"""Telemetry: the subscriber that makes spans and metrics of what ended, and the threads that send them.

Spans are made a few at a time as the bus hands events out, and sent by a thread in large batches: what is made at once
holds the interpreter, and requests would feel it. Nothing here is imported unless it is wanted.
"""

import os
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import cast

from google.protobuf.message import DecodeError  # type: ignore[import-untyped] # its stubs are a package of their own
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope

from tornado_gateway.domain.events import Event, RequestFinished
from tornado_gateway.observability.batches import BatchThread
from tornado_gateway.observability.otlp_client import OtlpClient
from tornado_gateway.observability.otlp_metrics import GenAIMetrics
from tornado_gateway.observability.otlp_spans import SpanWriter
from tornado_gateway.observability.otlp_wire import delimited, head
from tornado_gateway.observability.receiver import Receiver
from tornado_gateway.observability.resource import resource

_SCOPE = InstrumentationScope(name="tornado_gateway").SerializeToString()
_LINGER = 1.0
_EVERY = 15.0
"""Seconds between two exports of metrics."""
_CAPACITY = 8192
_CAPACITY_WITH_CONTENT = 1024
_BATCHES = 8
"""In which a full queue would be sent: receivers take some megabytes at once."""
_EVENTS_WITH_CONTENT = 512
"""Each holds on to a prompt and an answer."""


class Telemetry:
    """A bus's subscriber, for the ends of calls alone. Threads begin with the first of them, so that they are those of
    the process that has them."""

    name = "otel"
    notes: tuple[str, ...] = ()

    def __init__(self, receiver: Receiver, kinds: Callable[[str], str], *, every: float = _EVERY) -> None:
        self.traces = receiver.traces
        self.capacity = _EVENTS_WITH_CONTENT if receiver.capture_content else None
        self._receiver = receiver
        self._client = OtlpClient(receiver.endpoint, receiver.headers, receiver.timeout)
        self._writer = SpanWriter(kinds)
        self._metrics = GenAIMetrics(kinds, time.time_ns()) if receiver.metrics else None
        self._lock = threading.Lock()
        self._every = every
        self._lost = 0
        self._pid = -1
        self._resource = b""
        self._timer: threading.Thread | None = None
        capacity = _CAPACITY_WITH_CONTENT if receiver.capture_content else _CAPACITY
        self._spans: BatchThread[bytes] = BatchThread(
            "otel-spans", self._send_spans, capacity=capacity, batch=capacity // _BATCHES, linger=_LINGER
        )

    def handle(self, events: Sequence[Event]) -> None:
        if self._pid != os.getpid():
            self._begin()
        ended = cast(Sequence[RequestFinished], events)
        if self._metrics is not None:
            observe = self._metrics.observe
            with self._lock:
                for event in ended:
                    observe(event)
        if self.traces:
            shift = time.time_ns() - time.monotonic_ns()
            made: list[bytes] = []
            for event in ended:
                if event.trace is not None:
                    made += self._writer.spans(event, event.trace, shift)
                    event.trace.told()
            self._spans.offer_all(made)

    def dropped(self) -> Mapping[str, int]:
        """Spans that were made and not taken by the receiver."""
        return {"otel_export": self._spans.dropped + self._lost}

    def close(self, deadline: float = 5.0) -> None:
        """Sends what is waiting, for ``deadline`` seconds at most."""
        end = time.monotonic() + deadline
        self._client.closing.set()
        self._spans.close(deadline)
        if self._timer is not None:
            self._timer.join(max(0.0, end - time.monotonic()))

    def _begin(self) -> None:
        self._pid = os.getpid()
        instance = str(uuid.uuid4())
        self._resource = delimited(1, resource(self._receiver.service_name, instance).SerializeToString())
        self._spans.start()
        if self._metrics is not None:
            self._timer = threading.Thread(target=self._tick, name="otel-metrics", daemon=True)
            self._timer.start()

    def _send_spans(self, spans: list[bytes]) -> None:
        answer = self._client.post("/v1/traces", self._request(spans))
        if answer is None:
            self._lost += len(spans)
        elif answer:
            self._lost += _rejected(answer)

    def _tick(self) -> None:
        """Now and then, and once more at the end."""
        closing = False
        while not closing:
            closing = self._client.closing.wait(self._every)
            assert self._metrics is not None, "the thread is only begun with them"
            with self._lock:
                metrics = self._metrics.metrics(time.time_ns())
            if metrics:
                self._client.post("/v1/metrics", self._request([delimited(2, metric) for metric in metrics]))

    def _request(self, entries: list[bytes]) -> bytes:
        """A request of either signal: resource, scope and entries stand under the same numbers in both."""
        scope = delimited(1, _SCOPE)
        # Put together once: it is half a megabyte, and each copy of it would push the calls out of the cache.
        size = len(scope) + sum(map(len, entries))
        inner = head(2, size)
        outer = head(1, len(self._resource) + len(inner) + size)
        return b"".join((outer, self._resource, inner, scope, *entries))


def _rejected(answer: bytes) -> int:
    """What the receiver did not want of a batch that it took."""
    try:
        return int(ExportTraceServiceResponse.FromString(answer).partial_success.rejected_spans)
    except DecodeError:  # some receivers answer with a word
        return 0
