"""Spans as OTLP has them, made of the end of a call: one for the call, one for each try.

Wire: opentelemetry-proto, ``trace.proto``. The SDK's own way from a span to its bytes takes ten times as long, which a
gateway pays for each call: here what many have in common is encoded once, with places for what each has of its own.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache, partial
from struct import Struct
from typing import Any

from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from tornado_gateway.domain.context import UNKNOWN
from tornado_gateway.domain.errors import ClientClosed, GuardrailDenied, GuardrailUnavailable
from tornado_gateway.domain.events import RequestFinished
from tornado_gateway.domain.tracing import CANCELLED, Address, CallTrace, model_of
from tornado_gateway.observability.captured_messages import input_messages, output_messages
from tornado_gateway.observability.genai import operation, provider_name
from tornado_gateway.observability.otlp_wire import (
    REMEMBERED,
    Value,
    attribute,
    count,
    pair_of,
    template,
    text,
    text_place,
)

Kinds = Callable[[str], str]
"""A provider's kind by its name, empty where it has gone meanwhile."""

_NAME_LIMIT = 200
_ABANDONED = "abandoned"
_NO_FAILURE = (None, _ABANDONED, ClientClosed.default_code)
"""What of a try is no error of its own."""
_OF_RULES = (GuardrailDenied.default_code, GuardrailUnavailable.default_code)
"""How a call may end whose try was answered as it should be."""
_FAILED = Status(code=Status.STATUS_CODE_ERROR)


class SpanWriter:
    """Used from one thread."""

    def __init__(self, kinds: Kinds) -> None:
        self._kinds = kinds
        self._input = _counted("input_tokens")
        self._output = _counted("output_tokens")
        self._cache_read = _counted("cache_read.input_tokens")
        self._cache_creation = _counted("cache_creation.input_tokens")
        self._reasoning = _counted("reasoning.output_tokens")
        self._call = lru_cache(REMEMBERED)(self._make_call)
        self._call_block = lru_cache(REMEMBERED)(self._make_call_block)
        self._try = lru_cache(REMEMBERED)(self._make_try)
        self._try_block = lru_cache(REMEMBERED)(self._make_try_block)
        self._answer_block = lru_cache(REMEMBERED)(_make_answer_block)

    def spans(self, event: RequestFinished, trace: CallTrace, shift: int) -> list[bytes]:
        """The spans of a call that has ended, its own first, each as the field ``spans`` of ``ScopeSpans``. ``shift``
        is what the wall's clock is ahead of the monotonic one, in nanoseconds."""
        start = shift + int(trace.received * 1e9)
        end = start + int(event.duration * 1e9)
        ids = bytes.fromhex(trace.ids)
        trace_id, span_id = ids[:16], ids[16:24]
        answer = self._answer(event, trace)
        own = answer
        if trace.parent_id is not None:
            own += _PARENT + bytes.fromhex(trace.parent_id)
        if event.time_to_first_token is not None:
            own += _FIRST_CHUNK + _double(event.time_to_first_token)
        if event.tags:
            own += b"".join([text(f"gateway.tag.{name}", value) for name, value in event.tags.items()])
        request_id = event.request_id.encode()
        cost = b"" if event.cost is None else event.cost.digits.encode()
        # What was captured has any size, and would push out all that is remembered.
        known = trace.captured is None
        call = (self._call if known else self._make_call)(
            len(request_id),
            len(cost),
            len(own),
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
        moments = _moments(_START, start, _END, end)
        made = [call % (trace_id, span_id, moments, _double(event.overhead), request_id, cost, own)]
        for number, attempt in enumerate(trace.attempts, 1):
            error, last, own = event.error if event.error not in _OF_RULES else None, end, answer
            if attempt.ended is not None:
                error, last, own = attempt.error, shift + int(attempt.ended * 1e9), b""
            if own and event.time_to_first_token is not None:
                first = max(0.0, trace.received + event.time_to_first_token - attempt.started)
                own += _FIRST_CHUNK + _double(first)
            tried = (self._try if known else self._make_try)(
                len(own),
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
            moments = _moments(_START, shift + int(attempt.started * 1e9), _END, last)
            made.append(tried % (trace_id, bytes.fromhex(attempt.span_id), span_id, moments, own))
        return made

    def _make_call(self, request_id: int, cost: int, own: int, *kind: Any) -> bytes:
        """A call's span but for what stands in its places, of which the first three are the sizes."""
        return template(
            self._call_block(*kind),
            (_TRACE, 16),
            (_SPAN, 8),
            (b"", _MOMENTS.size),
            (_OVERHEAD, 8),
            text_place("gateway.request_id", request_id),
            (b"", 0) if not cost else text_place("gateway.cost", cost, _USD),
            (b"", own),
        )

    def _make_try(self, own: int, *kind: Any) -> bytes:
        return template(
            self._try_block(*kind), (_TRACE, 16), (_SPAN, 8), (_PARENT, 8), (b"", _MOMENTS.size), (b"", own)
        )

    def _make_call_block(
        self,
        flags: str,
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
        flags: str,
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
        usage = event.usage
        made = self._answer_block(trace.named, event.finish_reason, usage is not None and usage.estimated)
        if usage is not None:
            made += self._input(usage.prompt_tokens) + self._output(usage.completion_tokens)
            if usage.cached_input is not None:
                made += self._cache_read(usage.cached_input)
            written = usage.cache_written
            if written is not None:
                made += self._cache_creation(written)
            if usage.reasoning is not None:
                made += self._reasoning(usage.reasoning)
        return made if trace.captured is None else made + b"".join(_content(trace))


def _counted(name: str) -> Callable[[int], bytes]:
    return lru_cache(REMEMBERED)(partial(count, f"gen_ai.usage.{name}"))


def _make_answer_block(named: bytes | None, finish_reason: str | None, estimated: bool) -> bytes:
    parts = []
    model = model_of(named)
    if model is not None:
        parts.append(attribute("gen_ai.response.model", model))
    if finish_reason is not None:
        parts.append(attribute("gen_ai.response.finish_reasons", (finish_reason,)))
    if estimated:
        parts.append(attribute("gateway.usage.estimated", True))
    return b"".join(parts)


def _block(name: str, kind: Any, flags: str, failed: bool, attributes: Mapping[str, Value | None]) -> bytes:
    """The part of a span that many have in common."""
    encoded: bytes = Span(
        name=name,
        kind=kind,
        flags=int(flags, 16),
        status=_FAILED if failed else None,
        attributes=[pair_of(key, value) for key, value in attributes.items() if value is not None],
    ).SerializeToString()
    return encoded


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


_double = Struct("<d").pack
_FIRST_CHUNK = attribute("gen_ai.response.time_to_first_chunk", 0.0)[: -len(_double(0.0))]
_OVERHEAD = attribute("gateway.overhead", 0.0)[: -len(_double(0.0))]
"""What stands before the number."""
_USD = attribute("gateway.cost.currency", "USD")

_TRACE, _SPAN, _PARENT = b"\x0a\x10", b"\x12\x08", b"\x22\x08"
"""What stands before the ids, which are a span's fields 1, 2 and 4."""
_START, _END = 0x39, 0x41
"""And before its times, its fields 7 and 8."""
_MOMENTS = Struct("<BQBQ")
_moments = _MOMENTS.pack
