"""Spans as OTLP has them, made of the end of a call: one for the call, one for each try.

Wire: opentelemetry-proto, ``trace.proto``. The SDK's own way from a span to its bytes takes ten times as long, which a
gateway pays for each call: here the parts that come again and again are encoded once, and the pieces put together.
Serialized messages of one type may be joined, which is how protobuf merges them.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache, partial
from struct import Struct
from typing import Any

from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from tornado_gateway.domain.context import UNKNOWN
from tornado_gateway.domain.errors import ClientClosed
from tornado_gateway.domain.events import RequestFinished
from tornado_gateway.domain.tracing import CANCELLED, Address, AttemptTrace, CallTrace
from tornado_gateway.observability.captured_messages import input_messages, output_messages
from tornado_gateway.observability.genai import operation, provider_name
from tornado_gateway.observability.otlp_wire import REMEMBERED, Value, attribute, pair_of, text_head

Kinds = Callable[[str], str]
"""A provider's kind by its name, empty where it has gone meanwhile."""

_NAME_LIMIT = 200
_COUNTS = (
    _INPUT := "gen_ai.usage.input_tokens",
    _OUTPUT := "gen_ai.usage.output_tokens",
    _CACHE_READ := "gen_ai.usage.cache_read.input_tokens",
    _CACHE_CREATION := "gen_ai.usage.cache_creation.input_tokens",
    _REASONING := "gen_ai.usage.reasoning.output_tokens",
)
_ABANDONED = "abandoned"
_NO_FAILURE = (None, _ABANDONED, ClientClosed.default_code)
"""What of a try is no error of its own."""
_FAILED = Status(code=Status.STATUS_CODE_ERROR)


class SpanWriter:
    """Used from one thread."""

    def __init__(self, kinds: Kinds) -> None:
        self._kinds = kinds
        self._label = lru_cache(REMEMBERED, typed=True)(attribute)
        self._counts = {name: lru_cache(REMEMBERED)(partial(attribute, name)) for name in _COUNTS}
        self._call_block = lru_cache(REMEMBERED)(self._make_call_block)
        self._try_block = lru_cache(REMEMBERED)(self._make_try_block)

    def spans(self, event: RequestFinished, trace: CallTrace, shift: int) -> list[bytes]:
        """The serialized spans of a call that has ended, its own first. ``shift`` is what the wall's clock is ahead of
        the monotonic one, in nanoseconds."""
        start = shift + int(trace.received * 1e9)
        end = start + int(event.duration * 1e9)
        answer = self._answer(event, trace)
        made = [self._request(event, trace, start, end, answer)]
        for number, attempt in enumerate(trace.attempts, 1):
            made.append(self._attempt(event, trace, attempt, number, shift, end, answer))
        return made

    def _request(self, event: RequestFinished, trace: CallTrace, start: int, end: int, answer: bytes) -> bytes:
        block = self._call_block(
            trace.flags,
            event.requested_model,
            event.streaming,
            event.route,
            event.provider,
            event.model,
            event.dialect,
            event.revision,
            event.attempts,
            event.principal,
            event.status,
            event.error,
        )
        label = self._label
        parts = [
            block,
            _ids(trace, trace.span_id, trace.parent_id, start, end),
            text_head("gateway.request_id", len(event.request_id)),
            event.request_id.encode(),
            _OVERHEAD,
            _double(event.overhead),
            answer,
        ]
        if event.cost is not None:
            parts += label("gateway.cost", event.cost.digits), _USD
        if event.time_to_first_token is not None:
            parts += _FIRST_CHUNK, _double(event.time_to_first_token)
        if event.tags:
            parts += (label(f"gateway.tag.{name}", value) for name, value in event.tags.items())
        return b"".join(parts)

    def _attempt(
        self,
        event: RequestFinished,
        trace: CallTrace,
        attempt: AttemptTrace,
        number: int,
        shift: int,
        end: int,
        answer: bytes,
    ) -> bytes:
        """``end`` and ``answer`` are the call's, and those of the try that it ended with."""
        error = event.error
        if attempt.ended is not None:
            error, end, answer = attempt.error, shift + int(attempt.ended * 1e9), b""
        block = self._try_block(
            trace.flags,
            None if error is None else _told(event, error),
            event.streaming,
            event.dialect,
            event.revision,
            attempt.route,
            attempt.provider,
            attempt.model,
            attempt.endpoint,
            number,
            attempt.address,
        )
        ids = _ids(trace, attempt.span_id, trace.span_id, shift + int(attempt.started * 1e9), end)
        if not answer or event.time_to_first_token is None:
            return b"".join((block, ids, answer))
        first = max(0.0, trace.received + event.time_to_first_token - attempt.started)
        return b"".join((block, ids, _FIRST_CHUNK, _double(first), answer))

    def _make_call_block(
        self,
        flags: int,
        requested_model: str,
        streaming: bool,
        route: str,
        provider: str,
        model: str,
        dialect: str,
        revision: str,
        attempts: int,
        principal: str | None,
        status: int,
        error: str | None,
    ) -> bytes:
        word = operation(dialect)
        return _block(
            _name(word, requested_model if route != UNKNOWN else ""),
            Span.SPAN_KIND_SERVER,
            flags,
            status >= 500,
            {
                "gen_ai.operation.name": word,
                "gen_ai.provider.name": self._who(provider),
                "gen_ai.request.model": requested_model or None,
                "gen_ai.request.stream": streaming or None,
                "gateway.route": route,
                "gateway.provider": provider,
                "gateway.model": model,
                "gateway.dialect": dialect,
                "gateway.revision": revision,
                "gateway.attempts": attempts,
                "gateway.principal": principal,
                "http.response.status_code": status,
                "error.type": error,
            },
        )

    def _make_try_block(
        self,
        flags: int,
        error: str | None,
        streaming: bool,
        dialect: str,
        _revision: str,  # a provider's kind may be another one after a reload
        route: str,
        provider: str,
        model: str,
        endpoint: int,
        number: int,
        address: Address | None,
    ) -> bytes:
        word = operation(dialect)
        host, port = address or (None, None)
        return _block(
            _name(word, model),
            Span.SPAN_KIND_CLIENT,
            flags,
            error not in _NO_FAILURE,
            {
                "gen_ai.operation.name": word,
                "gen_ai.provider.name": self._who(provider),
                "gen_ai.request.model": model,
                "gen_ai.request.stream": streaming or None,
                "server.address": host,
                "server.port": port,
                "gateway.route": route,
                "gateway.provider": provider,
                "gateway.endpoint": endpoint,
                "gateway.attempt": number,
                "error.type": error,
            },
        )

    def _who(self, provider: str) -> str:
        return provider_name(self._kinds(provider), provider)

    def _answer(self, event: RequestFinished, trace: CallTrace) -> bytes:
        """What is known of the answer: it stands on the call's span and on that of the try that gave it."""
        label = self._label
        parts: list[bytes] = []
        if trace.model is not None:
            parts.append(label("gen_ai.response.model", trace.model))
        if event.finish_reason is not None:
            parts.append(label("gen_ai.response.finish_reasons", (event.finish_reason,)))
        usage = event.usage
        if usage is not None:
            counts = self._counts
            parts.append(counts[_INPUT](usage.prompt_tokens))
            parts.append(counts[_OUTPUT](usage.completion_tokens))
            if usage.cached_input is not None:
                parts.append(counts[_CACHE_READ](usage.cached_input))
            if usage.cache_write is not None or usage.cache_write_1h is not None:
                parts.append(counts[_CACHE_CREATION]((usage.cache_write or 0) + (usage.cache_write_1h or 0)))
            if usage.reasoning is not None:
                parts.append(counts[_REASONING](usage.reasoning))
            if usage.estimated:
                parts.append(_ESTIMATED)
        if trace.captured is not None:
            parts += _content(trace)
        return b"".join(parts)


def _block(name: str, kind: Any, flags: int, failed: bool, attributes: Mapping[str, Value | None]) -> bytes:
    """The part of a span that many have in common."""
    encoded: bytes = Span(
        name=name,
        kind=kind,
        flags=flags,
        status=_FAILED if failed else None,
        attributes=[pair_of(key, value) for key, value in attributes.items() if value is not None],
    ).SerializeToString()
    return encoded


def _ids(trace: CallTrace, span_id: str, parent_id: str | None, start: int, end: int) -> bytes:
    """The part of a span that no other has: ``trace_id``, ``span_id``, ``parent_span_id`` and the two times, which are
    fields 1, 2, 4, 7 and 8. By hand, for protobuf's own way takes five times as long."""
    parent = "" if parent_id is None else f"2208{parent_id}"
    return bytes.fromhex(f"0a10{trace.trace_id}1208{span_id}{parent}") + _times(0x39, start, 0x41, end)


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
    return ClientClosed.default_code if event.error == ClientClosed.default_code else _ABANDONED


def _name(word: str, model: str) -> str:
    return f"{word} {model}"[:_NAME_LIMIT] if model else word


_times = Struct("<BQBQ").pack
_double = Struct("<d").pack
_FIRST_CHUNK = attribute("gen_ai.response.time_to_first_chunk", 0.0)[: -len(_double(0.0))]
_OVERHEAD = attribute("gateway.overhead", 0.0)[: -len(_double(0.0))]
"""What stands before the number."""
_USD = attribute("gateway.cost.currency", "USD")
_ESTIMATED = attribute("gateway.usage.estimated", True)
