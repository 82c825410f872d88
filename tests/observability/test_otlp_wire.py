from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.trace.v1.trace_pb2 import ScopeSpans, Span

from tests.otlp import attributes
from tornado_gateway.observability.otlp_wire import attribute, count, delimited, template, text, text_place


@settings(max_examples=30)
@given(st.lists(st.binary(max_size=20_000), max_size=4))
def test_pieces_are_a_message(names: list[bytes]) -> None:
    joined = b"".join(delimited(2, Span(trace_id=name).SerializeToString()) for name in names)
    assert [span.trace_id for span in ScopeSpans.FromString(joined).spans] == names


@settings(max_examples=30)
@given(st.dictionaries(st.text(min_size=1), st.one_of(st.text(), st.integers(-(2**63), 2**63 - 1), st.booleans())))
def test_attributes_come_back(values: dict[str, Any]) -> None:
    joined = b"".join(attribute(key, value) for key, value in values.items())
    assert attributes(Span.FromString(joined)) == values


@settings(max_examples=30)
@given(st.text(min_size=1, max_size=40), st.text(max_size=300))
def test_a_text_comes_back_whose_head_is_remembered(key: str, value: str) -> None:
    assert attributes(Span.FromString(text(key, value))) == {key: value}


@settings(max_examples=30)
@given(st.text(min_size=1, max_size=40), st.integers(0, 2**63 - 1))
def test_a_count_comes_back(key: str, value: int) -> None:
    assert count(key, value) == attribute(key, value), "as protobuf itself writes it"


@settings(max_examples=30)
@given(st.text(min_size=1, max_size=40), st.text(max_size=300), st.binary(min_size=1, max_size=40))
def test_a_template_is_completed_by_values_of_its_sizes(key: str, value: str, name: bytes) -> None:
    own, encoded = Span(trace_id=b"%b%%" + name), value.encode()
    made = template(
        own.SerializeToString(),
        (b"\x12", 1 + len(name)),
        text_place(key, len(encoded), attribute("a%", "%d")),
        (b"", 0),
    )
    (span,) = ScopeSpans.FromString(made % (bytes((len(name),)) + name, encoded, b"")).spans
    assert (span.trace_id, span.span_id) == (own.trace_id, name)
    assert [(pair.key, pair.value.string_value) for pair in span.attributes] == [("a%", "%d"), (key, value)]
