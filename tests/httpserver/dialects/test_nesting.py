import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.httpserver.dialects.decoding import decode_fields
from tornado_gateway.httpserver.dialects.nesting import MAX_DEPTH, too_deep


def nested(depth: int, opening: bytes = b"[", closing: bytes = b"]") -> bytes:
    return opening * depth + b"1" + closing * depth


@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}"), (b'[{"\\"[":', b"}]")])
def test_the_bound_is_exact(opening: bytes, closing: bytes) -> None:
    levels = opening.count(b"[") + opening.count(b"{") - opening.count(b'"[')
    assert not too_deep(nested(MAX_DEPTH // levels, opening, closing))
    assert too_deep(nested(MAX_DEPTH // levels + 1, opening, closing))


def test_many_brackets_are_no_depth() -> None:
    flat = b"[" + b",".join([b'{"a":[]}'] * 10_000) + b"]"
    assert not too_deep(flat)
    assert not too_deep(b'["' + b"[" * 10_000 + b'"]')
    assert not too_deep(b'["\\\\",' + b'"\\"[[[[",' * 1000 + b"1]")
    assert too_deep(flat[:-1] + b"," + nested(MAX_DEPTH) + b"]")


documents = st.recursive(
    st.none() | st.booleans() | st.text('[]{}"\\,:ab'),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text('[]{}"\\'), inner, max_size=4),
    max_leaves=30,
)


def depth_of(value: object) -> int:
    if isinstance(value, list):
        return 1 + max(map(depth_of, value), default=0)
    if isinstance(value, dict):
        return 1 + max(map(depth_of, value.values()), default=0)
    return 0


@given(documents, st.integers(MAX_DEPTH - 8, MAX_DEPTH + 1))
def test_as_a_decoder_would_count(document: object, around: int) -> None:
    whole: object = document
    for _ in range(around):
        whole = [whole, "]"]
    assert too_deep(msgspec.json.encode(whole)) == (around + depth_of(document) > MAX_DEPTH)


@given(st.binary() | st.text('[]{}"\\').map(str.encode))
def test_what_is_no_json_is_no_reason_to_fail(body: bytes) -> None:
    assert too_deep(body * 300) in (True, False)


@pytest.mark.parametrize("body", [nested(100_000), b'{"a":' * 100_000 + b"1" + b"}" * 100_000, b"[" * 100_000])
def test_a_body_of_a_hundred_thousand_levels_is_refused_by_name(body: bytes) -> None:
    with pytest.raises(InvalidRequest, match="deeper than 128 levels"):
        decode_fields(body)
