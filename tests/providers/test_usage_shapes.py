"""Usage objects of every shape that a provider or a compatible vendor may send, sane or not: no bucket is negative, no
token is lost, and all buckets sum to what the provider itself has summed."""

from math import ceil
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornado_gateway.domain.usage import BUCKETS, TokenUsage
from tornado_gateway.domain.wire import OPENAI_CHAT
from tornado_gateway.providers.anthropic import response as messages
from tornado_gateway.providers.anthropic.usage import WireUsage as AnthropicUsage
from tornado_gateway.providers.counts import MOST
from tornado_gateway.providers.gemini import response as generate
from tornado_gateway.providers.gemini.usage import WireUsage as GeminiUsage
from tornado_gateway.providers.openai import response as openai
from tornado_gateway.providers.openai import responses_relay
from tornado_gateway.providers.openai.usage import ChatUsage, ResponsesUsage

sane = st.integers(0, 10**6)
odd = st.none() | st.integers(-5, 20) | sane | st.sampled_from([12.0, 0.0, -1.5])


def shape(required: dict[str, Any], optional: dict[str, Any]) -> Any:
    return st.fixed_dictionaries(required, optional=optional)


def nested(**members: Any) -> Any:
    return st.none() | shape({}, members)


def modalities(counts: Any) -> Any:
    kinds = st.sampled_from(["TEXT", "AUDIO", "IMAGE"])
    return st.none() | st.lists(shape({}, {"modality": kinds, "tokenCount": counts}), max_size=3)


chat = shape({}, {
    "prompt_tokens": odd, "completion_tokens": odd, "total_tokens": odd,
    "prompt_tokens_details": nested(cached_tokens=odd, audio_tokens=odd, cache_write_tokens=odd),
    "completion_tokens_details": nested(reasoning_tokens=odd, audio_tokens=odd),
    "prompt_cache_hit_tokens": odd, "num_cached_tokens": odd, "cached_tokens": odd,
})  # fmt: skip
responses = shape({}, {
    "input_tokens": odd, "output_tokens": odd, "total_tokens": odd,
    "input_tokens_details": nested(cached_tokens=odd, cache_write_tokens=odd),
    "output_tokens_details": nested(reasoning_tokens=odd),
})  # fmt: skip
anthropic = shape({}, {
    "input_tokens": odd, "output_tokens": odd, "cache_read_input_tokens": odd, "cache_creation_input_tokens": odd,
    "cache_creation": nested(ephemeral_5m_input_tokens=odd, ephemeral_1h_input_tokens=odd),
    "output_tokens_details": nested(thinking_tokens=odd),
})  # fmt: skip
gemini = shape({}, {
    "promptTokenCount": odd, "candidatesTokenCount": odd, "thoughtsTokenCount": odd, "totalTokenCount": odd,
    "toolUsePromptTokenCount": odd, "cachedContentTokenCount": odd, "promptTokensDetails": modalities(odd),
    "cacheTokensDetails": modalities(odd), "candidatesTokensDetails": modalities(odd),
    "toolUsePromptTokensDetails": modalities(odd),
})  # fmt: skip


def read(kind: Any, document: dict[str, Any]) -> TokenUsage:
    usage: TokenUsage = msgspec.json.decode(msgspec.json.encode(document), type=kind).buckets()
    for bucket in BUCKETS:
        count = getattr(usage, bucket)
        assert count is None or (type(count) is int and count >= 0), (bucket, count)
    assert sum(count for _, count in usage.buckets()) == usage.total_tokens
    assert usage.total_tokens < 2**63, "a database has a place for it"
    return usage


def said(value: Any) -> int:
    """What a count means, None and nonsense meaning nothing."""
    return 0 if value is None else max(0, ceil(value))


def inside(document: dict[str, Any], name: str, *members: str) -> int:
    return sum(said((document.get(name) or {}).get(member)) for member in members)


@given(chat)
def test_chat_completions_of_anybody(document: dict[str, Any]) -> None:
    usage = read(ChatUsage, document)
    sums = said(document.get("prompt_tokens")) + said(document.get("completion_tokens"))
    total = said(document.get("total_tokens"))
    assert usage.total_tokens >= max(sums, total), "nothing is lost"
    if document.get("prompt_tokens") is not None and document.get("completion_tokens") is not None:
        assert usage.total_tokens == max(sums, total), "nothing is billed twice"


@given(responses)
def test_responses(document: dict[str, Any]) -> None:
    usage = read(ResponsesUsage, document)
    sums = said(document.get("input_tokens")) + said(document.get("output_tokens"))
    total = said(document.get("total_tokens"))
    assert usage.total_tokens >= max(sums, total)
    if document.get("input_tokens") is not None and document.get("output_tokens") is not None:
        assert usage.total_tokens == max(sums, total)


@given(anthropic)
def test_anthropics_messages(document: dict[str, Any]) -> None:
    usage = read(AnthropicUsage, document)
    written = inside(document, "cache_creation", "ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens")
    if document.get("cache_creation_input_tokens") is not None:
        written = said(document["cache_creation_input_tokens"])
    assert (usage.cache_write or 0) + (usage.cache_write_1h or 0) == written
    thought = inside(document, "output_tokens_details", "thinking_tokens")
    output = thought if document.get("output_tokens") is None else said(document["output_tokens"])
    assert usage.completion_tokens == output
    asked = said(document.get("input_tokens")) + said(document.get("cache_read_input_tokens"))
    assert usage.total_tokens == asked + written + output


@given(gemini)
def test_gemini(document: dict[str, Any]) -> None:
    usage = read(GeminiUsage, document)
    names = ("promptTokenCount", "toolUsePromptTokenCount", "candidatesTokenCount", "thoughtsTokenCount")
    sums = sum(said(document.get(name)) for name in names)
    total = said(document.get("totalTokenCount"))
    assert usage.total_tokens >= max(sums, total)
    if document.get("promptTokenCount") is not None and document.get("candidatesTokenCount") is not None:
        assert usage.total_tokens == max(sums, total)


@given(sane, sane, sane, sane, sane)
def test_sane_figures_are_taken_as_they_are(fresh: int, cached: int, written: int, said: int, thoughts: int) -> None:
    """The same call as each of them counts it."""
    prompt, completion = fresh + cached + written, said + thoughts
    expected = TokenUsage(fresh, said, cached_input=cached, cache_write=written, reasoning=thoughts)
    details = {"cached_tokens": cached, "cache_write_tokens": written}
    assert expected == read(ChatUsage, {
        "prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion,
        "prompt_tokens_details": details, "completion_tokens_details": {"reasoning_tokens": thoughts},
    })  # fmt: skip
    assert expected == read(ResponsesUsage, {
        "input_tokens": prompt, "output_tokens": completion, "total_tokens": prompt + completion,
        "input_tokens_details": details, "output_tokens_details": {"reasoning_tokens": thoughts},
    })  # fmt: skip
    assert expected == read(AnthropicUsage, {
        "input_tokens": fresh, "output_tokens": completion, "cache_read_input_tokens": cached,
        "cache_creation_input_tokens": written, "output_tokens_details": {"thinking_tokens": thoughts},
    })  # fmt: skip
    assert TokenUsage(fresh, said, cached_input=cached, reasoning=thoughts) == read(GeminiUsage, {
        "promptTokenCount": fresh + cached, "cachedContentTokenCount": cached, "candidatesTokenCount": said,
        "thoughtsTokenCount": thoughts, "totalTokenCount": fresh + cached + completion,
    })  # fmt: skip


def test_thoughts_and_caches_outside_of_the_sums_are_found_by_the_total() -> None:
    xai = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 35}
    named = {**xai, "completion_tokens_details": {"reasoning_tokens": 20}}
    assert read(ChatUsage, named) == read(ChatUsage, xai) == TokenUsage(10, 5, reasoning=20)
    beside = {**xai, "prompt_tokens_details": {"cached_tokens": 20}}
    assert read(ChatUsage, beside) == TokenUsage(10, 5, cached_input=20)
    contradiction = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15, "cached_tokens": 20}
    assert read(ChatUsage, contradiction) == TokenUsage(0, 5, cached_input=10)
    both = {**xai, "total_tokens": 45, "completion_tokens_details": {"reasoning_tokens": 3}}
    assert read(ChatUsage, both) == TokenUsage(10, 2, reasoning=33)


def test_what_no_database_has_a_place_for_is_bounded() -> None:
    huge = 10**30
    assert read(ChatUsage, {"prompt_tokens": huge, "completion_tokens": 1}) == TokenUsage(MOST, 1)
    assert read(AnthropicUsage, {"input_tokens": huge, "cache_read_input_tokens": huge}).prompt_tokens == 2 * MOST
    assert read(GeminiUsage, {"promptTokenCount": huge, "toolUsePromptTokenCount": huge}).prompt_tokens == MOST


def test_what_is_missing_follows_from_the_rest() -> None:
    assert read(ChatUsage, {"prompt_tokens": 10, "total_tokens": 15}) == TokenUsage(10, 5)
    assert read(ChatUsage, {"completion_tokens": 5, "total_tokens": 15}) == TokenUsage(10, 5)
    assert read(ChatUsage, {"total_tokens": 15}) == TokenUsage(15)
    assert read(GeminiUsage, {"promptTokenCount": 10, "totalTokenCount": 15}) == TokenUsage(10, 5)
    assert read(GeminiUsage, {"candidatesTokenCount": 5, "totalTokenCount": 15}) == TokenUsage(10, 5)


EMPTY: list[dict[str, Any]] = [{}, {"prompt_tokens": None, "input_tokens": None, "promptTokenCount": None}]


@pytest.mark.parametrize("usage", EMPTY)
def test_a_usage_that_holds_no_count_is_none(usage: dict[str, Any]) -> None:
    """Such a call is estimated, and not billed nothing."""
    body = msgspec.json.encode({"choices": [{"message": {"content": "hi"}}], "usage": usage})
    assert openai.relayed_answer(body, OPENAI_CHAT, "p").usage is None
    assert openai.chat_answer(body, "p").usage is None
    body = msgspec.json.encode({"status": "completed", "output": [], "usage": usage})
    assert responses_relay.relayed_answer(body, "p").usage is None
    body = msgspec.json.encode({"type": "message", "content": [], "usage": usage})
    assert messages.relayed_answer(body, "p").usage is None
    assert messages.chat_answer(body, "p").usage is None
    part = {"content": {"parts": [{"text": "hi"}]}, "finishReason": "STOP"}
    assert generate.chat_answer(msgspec.json.encode({"candidates": [part], "usageMetadata": usage}), "p").usage is None
