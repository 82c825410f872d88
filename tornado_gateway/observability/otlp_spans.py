"""Spans as OTLP has them, made of the end of a call: one for the call, one for each try.

Wire: opentelemetry-proto, ``trace.proto``. The SDK's own way from a span to its bytes takes ten times as long, which a
gateway pays for each call: here the parts that come again and again are encoded once, and the pieces put together.
Serialized messages of one type may be joined, which is how protobuf merges them.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from tornado_gateway.domain.context import UNKNOWN
from tornado_gateway.domain.errors import ClientClosed
from tornado_gateway.domain.events import RequestFinished
from tornado_gateway.domain.tracing import CANCELLED, AttemptTrace, CallTrace
from tornado_gateway.observability.captured_messages import input_messages, output_messages
from tornado_gateway.observability.genai import operation, provider_name

Value = str | int | float | bool | tuple[str, ...]
Kinds = Callable[[str], str]
"""A provider's kind by its name, empty where it has gone meanwhile."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_REMEMBERED = 8192
_NAME_LIMIT = 200
_PORTS = {"http": 80, "https": 443}
_FAILED = Status(code=Status.STATUS_CODE_ERROR)


class SpanWriter:
    """Used from one thread."""

    def __init__(self, kinds: Kinds) -> None:
        self._kinds = kinds
        self._label = lru_cache(_REMEMBERED, typed=True)(attribute)

    def spans(self, event: RequestFinished, trace: CallTrace) -> Iterator[bytes]:
        """The serialized spans of a call that has ended, its own first."""
        word = operation(event.dialect)
        times = _Times(trace, event)
        answer = b"".join(self._answer(event, trace))
        yield b"".join(self._request(event, trace, word, times, answer))
        for number, attempt in enumerate(trace.attempts, 1):
            won = attempt.ended is None
            yield b"".join(self._attempt(event, trace, attempt, number, word, times, answer if won else b""))

    def _request(
        self, event: RequestFinished, trace: CallTrace, word: str, times: "_Times", answer: bytes
    ) -> Iterator[bytes]:
        named = event.requested_model if event.route != UNKNOWN else ""
        yield Span(
            trace_id=trace.trace_id.to_bytes(16, "big"),
            span_id=trace.span_id.to_bytes(8, "big"),
            parent_span_id=b"" if trace.parent_id is None else trace.parent_id.to_bytes(8, "big"),
            flags=trace.flags,
            name=_name(word, named),
            kind=Span.SPAN_KIND_SERVER,
            start_time_unix_nano=times.start,
            end_time_unix_nano=times.end,
            attributes=[
                _pair("gateway.request_id", event.request_id),
                _pair("gateway.overhead", event.overhead),
            ],
            status=_FAILED if event.status >= 500 else None,
        ).SerializeToString()
        yield self._common(word, event.provider)
        label = self._label
        if event.requested_model:
            yield label("gen_ai.request.model", event.requested_model)
        yield label("gateway.route", event.route)
        yield label("gateway.provider", event.provider)
        yield label("gateway.model", event.model)
        yield label("gateway.dialect", event.dialect)
        yield label("gateway.revision", event.revision)
        yield label("gateway.attempts", event.attempts)
        yield label("http.response.status_code", event.status)
        if event.streaming:
            yield label("gen_ai.request.stream", True)
        if event.error is not None:
            yield label("error.type", event.error)
        if event.cost is not None:
            yield label("gateway.cost", event.cost.digits)
            yield label("gateway.cost.currency", "USD")
        if event.principal is not None:
            yield label("gateway.principal", event.principal)
        for name, value in event.tags.items():
            yield label(f"gateway.tag.{name}", value)
        if event.time_to_first_token is not None:
            yield attribute("gen_ai.response.time_to_first_chunk", event.time_to_first_token)
        yield answer

    def _attempt(
        self,
        event: RequestFinished,
        trace: CallTrace,
        attempt: AttemptTrace,
        number: int,
        word: str,
        times: "_Times",
        answer: bytes,
    ) -> Iterator[bytes]:
        error = attempt.error if attempt.ended is not None else event.error
        given_up = error in (CANCELLED, ClientClosed.default_code)
        yield Span(
            trace_id=trace.trace_id.to_bytes(16, "big"),
            span_id=attempt.span_id.to_bytes(8, "big"),
            parent_span_id=trace.span_id.to_bytes(8, "big"),
            flags=trace.flags,
            name=_name(word, attempt.model),
            kind=Span.SPAN_KIND_CLIENT,
            start_time_unix_nano=times.of(attempt.started),
            end_time_unix_nano=times.end if attempt.ended is None else times.of(attempt.ended),
            status=None if error is None or given_up else _FAILED,
        ).SerializeToString()
        yield self._common(word, attempt.provider)
        label = self._label
        yield label("gen_ai.request.model", attempt.model)
        yield label("gateway.route", attempt.route)
        yield label("gateway.provider", attempt.provider)
        yield label("gateway.endpoint", attempt.endpoint)
        yield label("gateway.attempt", number)
        if attempt.address is not None:
            yield label("server.address", attempt.address.host)
            yield label("server.port", attempt.address.port or _PORTS.get(attempt.address.scheme, 0))
        if error is not None:
            yield label("error.type", _told(event, error))
        if event.streaming:
            yield label("gen_ai.request.stream", True)
        if answer and event.time_to_first_token is not None:
            first = trace.received + event.time_to_first_token - attempt.started
            yield attribute("gen_ai.response.time_to_first_chunk", max(0.0, first))
        yield answer

    def _common(self, word: str, provider: str) -> bytes:
        label = self._label
        who = provider_name(self._kinds(provider), provider)
        return label("gen_ai.operation.name", word) + label("gen_ai.provider.name", who)

    def _answer(self, event: RequestFinished, trace: CallTrace) -> Iterator[bytes]:
        """What is known of the answer: it stands on the call's span and on that of the try that gave it."""
        label = self._label
        if trace.model is not None:
            yield label("gen_ai.response.model", trace.model)
        if event.finish_reason is not None:
            yield label("gen_ai.response.finish_reasons", (event.finish_reason,))
        usage = event.usage
        if usage is not None:
            yield label("gen_ai.usage.input_tokens", usage.prompt_tokens)
            yield label("gen_ai.usage.output_tokens", usage.completion_tokens)
            if usage.cached_input is not None:
                yield label("gen_ai.usage.cache_read.input_tokens", usage.cached_input)
            if usage.cache_write is not None or usage.cache_write_1h is not None:
                written = (usage.cache_write or 0) + (usage.cache_write_1h or 0)
                yield label("gen_ai.usage.cache_creation.input_tokens", written)
            if usage.reasoning is not None:
                yield label("gen_ai.usage.reasoning.output_tokens", usage.reasoning)
            if usage.estimated:
                yield label("gateway.usage.estimated", True)
        if trace.captured is not None:
            yield from _content(trace)


def attribute(key: str, value: Value) -> bytes:
    """A span with this attribute alone, to be joined with the rest of it."""
    encoded: bytes = Span(attributes=[_pair(key, value)]).SerializeToString()
    return encoded


def delimited(tag: int, parts: Iterable[bytes]) -> bytes:
    """The field ``tag`` (below 16) of a message, of a type that has a length."""
    body = b"".join(parts)
    head = bytearray([tag << 3 | 2])
    size = len(body)
    while size > 0x7F:
        head.append(size & 0x7F | 0x80)
        size >>= 7
    head.append(size)
    return bytes(head) + body


def _pair(key: str, value: Value) -> KeyValue:
    if isinstance(value, bool):
        return KeyValue(key=key, value=AnyValue(bool_value=value))
    if isinstance(value, str):
        return KeyValue(key=key, value=AnyValue(string_value=value))
    if isinstance(value, int):
        return KeyValue(key=key, value=AnyValue(int_value=value))
    if isinstance(value, float):
        return KeyValue(key=key, value=AnyValue(double_value=value))
    return KeyValue(key=key, value=AnyValue(array_value=ArrayValue(values=[AnyValue(string_value=v) for v in value])))


def _content(trace: CallTrace) -> Iterator[bytes]:
    captured = trace.captured
    assert captured is not None, "asked only where something was captured"
    cut = captured.cut
    for key, shown in (
        ("gen_ai.input.messages", input_messages(captured)),
        ("gen_ai.output.messages", output_messages(captured)),
    ):
        cut |= shown.cut
        if shown.text is not None:
            yield attribute(key, shown.text)
    if cut:
        yield attribute("gateway.content.cut", True)


def _told(event: RequestFinished, error: str) -> str:
    """A try that was cancelled while the call went on lost a race."""
    if error != CANCELLED:
        return error
    return ClientClosed.default_code if event.error == ClientClosed.default_code else "abandoned"


def _name(word: str, model: str) -> str:
    return f"{word} {model}"[:_NAME_LIMIT] if model else word


class _Times:
    """The call's moments in Unix nanoseconds."""

    def __init__(self, trace: CallTrace, event: RequestFinished) -> None:
        began = (trace.began_at - _EPOCH) // _MICROSECOND * 1000
        self._shift = began - int(trace.began * 1e9)
        self.start = self.of(trace.received)
        self.end = self.start + int(event.duration * 1e9)

    def of(self, moment: float) -> int:
        return self._shift + int(moment * 1e9)
