"""What a call costs by its provider's own words: from the usage object as it came and the provider's documentation, in
fractions. Nothing of the gateway's is used here, so that it can be held against it."""

import json
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

RATES = {
    "input": "0.0031",
    "output": "0.0173",
    "cached_input": "0.00041",
    "cache_write": "0.0057",
    "cache_write_1h": "0.0067",
    "audio_input": "0.0073",
    "reasoning": "0.0193",
    "audio_output": "0.0233",
}
"""USD for 1,000 tokens, each such that no two sums are alike by chance."""
ABOVE = 300
LONG = {"input": "0.0047", "cached_input": "0.00053", "output": "0.0211", "reasoning": "0.0223"}
"""The whole of a request whose prompt has more tokens than that."""
REQUEST = "0.000509"
BATCH = "0.507"
FLEXIBLE = ("flex", "batch")


def bill(tier: Any, **tokens: int) -> Fraction:
    """``tokens`` of each kind, none of them twice."""
    prompt = sum(count for kind, count in tokens.items() if kind in ("input", "audio_input") or "cache" in kind)
    rates = {**RATES, **LONG} if prompt > ABOVE else RATES
    assert all(count >= 0 for count in tokens.values()), tokens
    total = sum((count * Fraction(rates[kind]) / 1000 for kind, count in tokens.items()), Fraction(0))
    if any(tokens.values()):
        total += Fraction(REQUEST)
    return total * Fraction(BATCH) if str(tier).lower() in FLEXIBLE else total


def chat(usage: dict[str, Any], tier: Any) -> Fraction:
    """OpenAI: cached, written and heard tokens are among ``prompt_tokens``, reasoning among ``completion_tokens``. At
    xAI and behind Gemini's endpoint reasoning is beside them, and in the total alone."""
    asked, said = usage["prompt_tokens"], usage.get("completion_tokens") or 0
    details, answered = usage.get("prompt_tokens_details") or {}, usage.get("completion_tokens_details") or {}
    names = ("prompt_cache_hit_tokens", "num_cached_tokens", "cached_tokens")
    cached = details.get("cached_tokens") or next((usage[name] for name in names if usage.get(name)), 0)
    written, heard = details.get("cache_write_tokens") or 0, details.get("audio_tokens") or 0
    spoken = answered.get("audio_tokens") or 0
    beside = usage["total_tokens"] - asked - said
    # OpenRouter has been seen to tell of more reasoning than tokens, whose sum it bills.
    inside = 0 if beside else min(answered.get("reasoning_tokens") or 0, said)
    return bill(
        tier,
        input=asked - cached - written - heard,
        cached_input=cached,
        cache_write=written,
        audio_input=heard,
        output=said - inside - spoken,
        reasoning=inside + beside,
        audio_output=spoken,
    )


def responses(usage: dict[str, Any], tier: Any) -> Fraction:
    """The same sums under other names."""
    cached = usage["input_tokens_details"]["cached_tokens"]
    written = usage["input_tokens_details"].get("cache_write_tokens") or 0
    thoughts = usage["output_tokens_details"]["reasoning_tokens"]
    return bill(
        tier,
        input=usage["input_tokens"] - cached - written,
        cached_input=cached,
        cache_write=written,
        output=usage["output_tokens"] - thoughts,
        reasoning=thoughts,
    )


def messages(usage: dict[str, Any], tier: Any) -> Fraction:
    """Anthropic: what a cache held or took is beside ``input_tokens``, thinking is among ``output_tokens``."""
    long = (usage.get("cache_creation") or {}).get("ephemeral_1h_input_tokens") or 0
    thoughts = (usage.get("output_tokens_details") or {}).get("thinking_tokens") or 0
    return bill(
        tier,
        input=usage["input_tokens"],
        cached_input=usage.get("cache_read_input_tokens") or 0,
        cache_write=(usage.get("cache_creation_input_tokens") or 0) - long,
        cache_write_1h=long,
        output=usage["output_tokens"] - thoughts,
        reasoning=thoughts,
    )


def gemini(usage: dict[str, Any], tier: Any) -> Fraction:
    """Gemini: cached tokens are among ``promptTokenCount``; thoughts and what its own tools brought are beside."""
    heard = sum(each["tokenCount"] for each in usage.get("promptTokensDetails", ()) if each["modality"] == "AUDIO")
    cached = usage.get("cachedContentTokenCount", 0)
    return bill(
        tier,
        input=usage["promptTokenCount"] + usage.get("toolUsePromptTokenCount", 0) - cached - heard,
        cached_input=cached,
        audio_input=heard,
        output=usage.get("candidatesTokenCount", 0),
        reasoning=usage.get("thoughtsTokenCount", 0),
    )


def embeddings(usage: dict[str, Any], tier: Any) -> Fraction:
    return bill(tier, input=usage["prompt_tokens"])


# Where the usage stands, and the service tier


def documents(body: bytes) -> Iterator[dict[str, Any]]:
    """A whole answer, or each event of a stream; its numbers are what their digits say."""
    if body.lstrip().startswith(b"{"):
        yield json.loads(body, parse_float=Decimal)
        return
    for line in body.splitlines():
        if line.startswith(b"data:") and line[5:].strip() != b"[DONE]":
            yield json.loads(line[5:], parse_float=Decimal)


def usage_of(body: bytes, *, updates: bool) -> tuple[dict[str, Any], Any]:
    """The last usage that an answer tells of, empty where there is none, and the tier that it was served at.

    ``updates``: later ones leave out what has not changed, as Anthropic's do.
    """
    usage: dict[str, Any] = {}
    tier = None
    for document in documents(body):
        holder = document.get("message") or document.get("response") or document
        if not isinstance(holder, dict):
            continue
        said = holder.get("usage") or holder.get("usageMetadata") or (document.get("x_groq") or {}).get("usage") or {}
        said = {name: value for name, value in said.items() if value is not None}
        usage = {**usage, **said} if updates else said or usage
        tier = holder.get("service_tier") or said.get("service_tier") or said.get("serviceTier") or tier
    return usage, tier
