import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.providers.anthropic.usage import WireUsage


def read(text: str) -> WireUsage:
    return msgspec.json.decode(text, type=WireUsage)


def test_the_buckets_are_disjoint() -> None:
    usage = read(
        '{"input_tokens":10,"output_tokens":30,"cache_read_input_tokens":5,"cache_creation_input_tokens":7,'
        '"cache_creation":{"ephemeral_5m_input_tokens":3,"ephemeral_1h_input_tokens":4},'
        '"output_tokens_details":{"thinking_tokens":20}}'
    ).buckets()
    assert usage == TokenUsage(input=10, output=10, cached_input=5, cache_write=3, cache_write_1h=4, reasoning=20)
    assert usage.total_tokens == 52


def test_what_is_not_said_is_not_zero() -> None:
    assert read('{"input_tokens":1,"output_tokens":2}').buckets() == TokenUsage(input=1, output=2)
    assert read("{}").buckets() == TokenUsage()


def test_a_breakdown_alone_is_enough() -> None:
    assert read('{"cache_creation":{"ephemeral_5m_input_tokens":3}}').buckets() == TokenUsage(cache_write=3)


def test_later_figures_count_and_earlier_ones_stay() -> None:
    start = read(
        '{"input_tokens":10,"output_tokens":1,"cache_creation_input_tokens":4,'
        '"cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":4}}'
    )
    later = read('{"output_tokens":9,"cache_creation_input_tokens":6}')
    assert start.updated(later).buckets() == TokenUsage(input=10, output=9, cache_write=2, cache_write_1h=4)


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**6), st.integers(0, 10**6))
def test_no_token_is_lost(input_tokens: int, output: int, read_tokens: int, written: int) -> None:
    usage = WireUsage(
        input_tokens=input_tokens,
        output_tokens=output,
        cache_read_input_tokens=read_tokens,
        cache_creation_input_tokens=written,
    ).buckets()
    assert usage.total_tokens == input_tokens + output + read_tokens + written
