"""OpenAI's usage objects as disjoint buckets.

Wire: OpenAI API reference, "The chat completion object" and "The completion object", member ``usage``. Compatible
vendors send the same names with some sums made differently; ``total_tokens`` tells which.
"""

import msgspec

from tornado_gateway.domain.usage import TokenUsage, priced_tier


class PromptDetails(msgspec.Struct, frozen=True):
    cached_tokens: int | None = None
    audio_tokens: int | None = None
    cache_write_tokens: int | None = None


class CompletionDetails(msgspec.Struct, frozen=True):
    reasoning_tokens: int | None = None
    audio_tokens: int | None = None


class ChatUsage(msgspec.Struct, frozen=True):
    """``usage`` of chat and legacy completions, as sent."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    prompt_tokens_details: PromptDetails | None = None
    completion_tokens_details: CompletionDetails | None = None
    prompt_cache_hit_tokens: int | None = None
    """DeepSeek's name for cached tokens."""
    num_cached_tokens: int | None = None
    """Mistral's."""
    cached_tokens: int | None = None
    """That of some behind Hugging Face."""

    def buckets(self) -> TokenUsage:
        """Cached and audio tokens are inside ``prompt_tokens``, reasoning is inside ``completion_tokens``: but at xAI
        it is outside, and Gemini's endpoint does not even name it. The total tells which."""
        details = self.prompt_tokens_details or PromptDetails()
        out = self.completion_tokens_details or CompletionDetails()
        names = (details.cached_tokens, self.prompt_cache_hit_tokens, self.num_cached_tokens, self.cached_tokens)
        cached = next((count for count in names if count is not None), None)
        prompt = self.prompt_tokens or 0
        output, reasoning = _split(prompt, self.completion_tokens or 0, self.total_tokens, out.reasoning_tokens)
        return TokenUsage(
            input=_rest(prompt, cached, details.audio_tokens, details.cache_write_tokens),
            output=_rest(output, out.audio_tokens),
            cached_input=cached,
            cache_write=details.cache_write_tokens,
            audio_input=details.audio_tokens,
            reasoning=reasoning,
            audio_output=out.audio_tokens,
        )


class InputDetails(msgspec.Struct, frozen=True):
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None


class ResponsesUsage(msgspec.Struct, frozen=True):
    """``usage`` of Responses, as sent. Wire: OpenAI API reference, "The response object"."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    total_tokens: int | None = None
    input_tokens_details: InputDetails | None = None
    output_tokens_details: CompletionDetails | None = None

    def buckets(self, service_tier: str | None = None) -> TokenUsage:
        """Cached tokens and those written to the cache are inside ``input_tokens``, reasoning is inside
        ``output_tokens``."""
        details = self.input_tokens_details or InputDetails()
        said = self.output_tokens_details or CompletionDetails()
        prompt = self.input_tokens or 0
        output, reasoning = _split(prompt, self.output_tokens or 0, self.total_tokens, said.reasoning_tokens)
        return TokenUsage(
            input=_rest(prompt, details.cached_tokens, details.cache_write_tokens),
            output=output,
            cached_input=details.cached_tokens,
            cache_write=details.cache_write_tokens,
            reasoning=reasoning,
            service_tier=priced_tier(service_tier),
        )


def _split(prompt: int, completion: int, total: int | None, reasoning: int | None) -> tuple[int, int | None]:
    """Output and reasoning, disjoint. What the total holds beyond both sums are thoughts that were not counted in."""
    outside = (total or 0) - prompt - completion
    if outside > 0 and reasoning in (None, 0, outside):
        return completion, outside
    if reasoning is None:
        return completion, None
    # More thoughts than tokens have been seen: the sum is what is billed.
    inside = min(reasoning, completion)
    return completion - inside, inside


def _rest(total: int, *parts: int | None) -> int:
    return max(0, total - sum(part or 0 for part in parts))
