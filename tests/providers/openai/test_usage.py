import msgspec
import pytest

from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.providers.openai.usage import ChatUsage, ResponsesUsage


def buckets(document: str) -> TokenUsage:
    return msgspec.json.decode(document.encode(), type=ChatUsage).buckets()


def test_openai_cached_audio_and_reasoning_are_inside_the_sums() -> None:
    usage = buckets(
        '{"prompt_tokens":100,"completion_tokens":50,"total_tokens":150,'
        '"prompt_tokens_details":{"cached_tokens":64,"audio_tokens":6},'
        '"completion_tokens_details":{"reasoning_tokens":30,"audio_tokens":5}}'
    )
    assert usage == TokenUsage(30, 15, cached_input=64, audio_input=6, reasoning=30, audio_output=5)
    assert (usage.prompt_tokens, usage.completion_tokens) == (100, 50)


def test_xai_reasoning_is_outside_where_the_total_says_so() -> None:
    usage = buckets(
        '{"prompt_tokens":10,"completion_tokens":5,"total_tokens":35,"completion_tokens_details":{"reasoning_tokens":20}}'
    )
    assert (usage.output, usage.reasoning, usage.total_tokens) == (5, 20, 35)


def test_deepseek_names_its_cache_hits() -> None:
    usage = buckets(
        '{"prompt_tokens":10,"completion_tokens":5,"prompt_cache_hit_tokens":4,"prompt_cache_miss_tokens":6}'
    )
    assert (usage.input, usage.cached_input) == (6, 4)


@pytest.mark.parametrize("document", ["{}", '{"prompt_tokens":null,"prompt_tokens_details":null}'])
def test_nothing_said_is_nothing_counted(document: str) -> None:
    assert buckets(document) == TokenUsage()


def test_details_beyond_the_sum_do_not_make_it_negative() -> None:
    assert buckets('{"prompt_tokens":1,"prompt_tokens_details":{"cached_tokens":5}}').input == 0


@pytest.mark.parametrize("name", ["num_cached_tokens", "cached_tokens"])
def test_other_names_of_cached_tokens(name: str) -> None:
    usage = buckets(f'{{"prompt_tokens":152,"completion_tokens":12,"total_tokens":164,"{name}":151}}')
    assert (usage.input, usage.cached_input, usage.prompt_tokens) == (1, 151, 152)


def test_thoughts_that_only_the_total_tells_of() -> None:
    usage = buckets('{"prompt_tokens":35,"completion_tokens":12,"total_tokens":109}')
    assert (usage.output, usage.reasoning, usage.total_tokens) == (12, 62, 109)


def test_more_thoughts_than_tokens() -> None:
    usage = buckets(
        '{"prompt_tokens":43,"completion_tokens":10,"total_tokens":53,"completion_tokens_details":{"reasoning_tokens":11}}'
    )
    assert (usage.completion_tokens, usage.reasoning, usage.total_tokens) == (10, 10, 53)


def test_responses_have_other_names() -> None:
    usage = msgspec.json.decode(
        b'{"input_tokens":100,"output_tokens":50,"total_tokens":150,"input_tokens_details":{"cached_tokens":60,'
        b'"cache_write_tokens":10},"output_tokens_details":{"reasoning_tokens":30}}',
        type=ResponsesUsage,
    ).buckets()
    assert usage == TokenUsage(30, 20, cached_input=60, cache_write=10, reasoning=30)
    assert msgspec.json.decode(b"{}", type=ResponsesUsage).buckets() == TokenUsage()
