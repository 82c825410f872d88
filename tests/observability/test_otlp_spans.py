from typing import Any

from opentelemetry.proto.trace.v1.trace_pb2 import ScopeSpans

from tests.otlp import attributes
from tests.support import finished
from tornado_gateway.domain.tracing import Address, CallTrace
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.observability.otlp_spans import SpanWriter

NANOSECONDS = 1767268800_500_000_000
SHIFT = NANOSECONDS - 100_250_000_000
"""The monotonic clock's 100.25 is that moment."""


def trace(**changes: Any) -> CallTrace:
    made = CallTrace(f"{2**127 + 5:032x}{2**63 + 7:016x}{9:016x}", None, "01", 100.0)
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def spans(event: Any, traced: CallTrace) -> list[Any]:
    return list(ScopeSpans.FromString(b"".join(SpanWriter(lambda name: "").spans(event, traced, SHIFT))).spans)


def test_moments_are_told_by_the_clock_on_the_wall() -> None:
    traced = trace()
    failed, won = traced.attempt("r", "p", "m", 0, 100.25), traced.attempt("r", "p", "m", 1, 100.5)
    failed.end(100.375, "upstream_failed")
    call, first, second = spans(finished(duration=1.0, time_to_first_token=0.75), traced)
    start = NANOSECONDS - 250_000_000
    assert (call.start_time_unix_nano, call.end_time_unix_nano) == (start, start + 1_000_000_000)
    assert (first.start_time_unix_nano, first.end_time_unix_nano) == (NANOSECONDS, NANOSECONDS + 125_000_000)
    assert (second.start_time_unix_nano, second.end_time_unix_nano) == (NANOSECONDS + 250_000_000, start + 10**9)
    assert attributes(call)["gen_ai.response.time_to_first_chunk"] == 0.75
    assert attributes(second)["gen_ai.response.time_to_first_chunk"] == 0.25
    assert "gen_ai.response.time_to_first_chunk" not in attributes(first)
    assert second.span_id.hex() == won.span_id


def test_every_bucket_of_tokens_that_has_a_name() -> None:
    usage = TokenUsage(
        10, 20, cached_input=3, cache_write=4, cache_write_1h=5, reasoning=6, audio_input=7, estimated=True
    )
    (call,) = spans(finished(usage=usage, principal="team-a", tags={"team": "a"}), trace())
    told = attributes(call)
    assert (told["gen_ai.usage.input_tokens"], told["gen_ai.usage.output_tokens"]) == (29, 26)
    assert told["gen_ai.usage.cache_read.input_tokens"] == 3
    assert told["gen_ai.usage.cache_creation.input_tokens"] == 9
    assert told["gen_ai.usage.reasoning.output_tokens"] == 6
    assert told["gateway.usage.estimated"] is True
    assert (told["gateway.principal"], told["gateway.tag.team"]) == ("team-a", "a")


def test_what_broke_off_is_the_tries_failure_too() -> None:
    traced = trace()
    traced.attempt("r", "p", "m", 0, 100.5).address = Address("api.example", 443)
    call, attempt = spans(finished(status=502, error="upstream_failed", usage=None, cost=None), traced)
    assert (call.status.code, attempt.status.code) == (2, 2)
    told = attributes(attempt)
    assert (told["error.type"], told["server.address"], told["server.port"]) == ("upstream_failed", "api.example", 443)
    assert "gateway.cost" not in attributes(call)


def test_names_are_bounded_and_a_nameless_call_has_its_operation_alone() -> None:
    (call,) = spans(finished(requested_model="m" * 1000), trace())
    assert len(call.name) == 200
    (call,) = spans(finished(requested_model="", route="unknown", provider="unknown"), trace())
    assert call.name == "chat"
    assert "gen_ai.request.model" not in attributes(call)


def test_an_answer_that_a_rule_holds_back_is_no_failure_of_who_gave_it() -> None:
    traced = trace()
    traced.attempt("r", "p", "m", 0, 100.5)
    call, attempt = spans(finished(status=400, error="guardrail_denied"), traced)
    assert attributes(call)["error.type"] == "guardrail_denied"
    assert attempt.status.code == 0
    assert "error.type" not in attributes(attempt)
