"""OpenAI's usage objects as disjoint buckets.

Wire: OpenAI API reference, "The chat completion object" and "The completion object", member ``usage``. Compatible
vendors send the same names with some sums made differently; ``total_tokens`` tells which.
"""

import msgspec

from tornado_gateway.domain.usage import TokenUsage, priced_tier
from tornado_gateway.providers.counts import Count, split, whole


class PromptDetails(msgspec.Struct, frozen=True):
    cached_tokens: Count = None
    audio_tokens: Count = None
    cache_write_tokens: Count = None


class CompletionDetails(msgspec.Struct, frozen=True):
    reasoning_tokens: Count = None
    audio_tokens: Count = None


class ChatUsage(msgspec.Struct, frozen=True):
    """``usage`` of chat and legacy completions, as sent."""

    prompt_tokens: Count = None
    completion_tokens: Count = None
    total_tokens: Count = None
    prompt_tokens_details: PromptDetails | None = None
    completion_tokens_details: CompletionDetails | None = None
    prompt_cache_hit_tokens: Count = None
    """DeepSeek's name for cached tokens."""
    num_cached_tokens: Count = None
    """Mistral's."""
    cached_tokens: Count = None
    """That of some behind Hugging Face."""

    @property
    def counted(self) -> bool:
        """False where the object holds no count: its call is not to be billed nothing."""
        return _any_of(self.prompt_tokens, self.completion_tokens, self.total_tokens)

    def buckets(self) -> TokenUsage:
        """Cached and audio tokens are inside ``prompt_tokens``, reasoning is inside ``completion_tokens``: but at xAI
        it is outside, and Gemini's endpoint does not even name it. The total tells which."""
        details = self.prompt_tokens_details or PromptDetails()
        out = self.completion_tokens_details or CompletionDetails()
        names = (details.cached_tokens, self.prompt_cache_hit_tokens, self.num_cached_tokens, self.cached_tokens)
        cached = next((count for count in names if count is not None), None)
        written = details.cache_write_tokens
        prompt, output, reasoning = _sums(
            self.prompt_tokens,
            self.completion_tokens,
            self.total_tokens,
            out.reasoning_tokens,
            (cached or 0) + (written or 0),
        )
        rest, (cached, written, heard) = split(prompt, cached, written, details.audio_tokens)
        output, (spoken,) = split(output, out.audio_tokens)
        return TokenUsage(
            input=rest,
            output=output,
            cached_input=cached,
            cache_write=written,
            audio_input=heard,
            reasoning=reasoning,
            audio_output=spoken,
        )


class InputDetails(msgspec.Struct, frozen=True):
    cached_tokens: Count = None
    cache_write_tokens: Count = None


class ResponsesUsage(msgspec.Struct, frozen=True):
    """``usage`` of Responses, as sent. Wire: OpenAI API reference, "The response object"."""

    input_tokens: Count = None
    output_tokens: Count = None
    total_tokens: Count = None
    input_tokens_details: InputDetails | None = None
    output_tokens_details: CompletionDetails | None = None

    @property
    def counted(self) -> bool:
        """False where the object holds no count."""
        return _any_of(self.input_tokens, self.output_tokens, self.total_tokens)

    def buckets(self, service_tier: str | None = None) -> TokenUsage:
        """Cached tokens and those written to the cache are inside ``input_tokens``, reasoning is inside
        ``output_tokens``."""
        details = self.input_tokens_details or InputDetails()
        said = self.output_tokens_details or CompletionDetails()
        cached, written = details.cached_tokens, details.cache_write_tokens
        prompt, output, reasoning = _sums(
            self.input_tokens,
            self.output_tokens,
            self.total_tokens,
            said.reasoning_tokens,
            (cached or 0) + (written or 0),
        )
        rest, (cached, written) = split(prompt, cached, written)
        return TokenUsage(
            input=rest,
            output=output,
            cached_input=cached,
            cache_write=written,
            reasoning=reasoning,
            service_tier=priced_tier(service_tier),
        )


def _sums(
    prompt: Count, completion: Count, total: Count, reasoning: Count, beside: Count
) -> tuple[int | None, int, int | None]:
    """Prompt, output and reasoning, disjoint, whatever the total says of how they are summed.

    ``beside``: the parts of the prompt that there is who counts beside it, as Anthropic does.
    """
    asked, answered, thoughts = whole(prompt), whole(completion), whole(reasoning)
    outside = 0
    if total is not None and (asked or 0) + (answered or 0) != total:
        asked, answered, outside = _by_total(asked, answered, whole(total) or 0, whole(beside) or 0)
    if outside and thoughts in (None, 0, outside):
        return asked, answered or 0, outside
    # More thoughts than tokens have been seen: the sum is what is billed.
    output, (inside,) = split(answered, thoughts)
    return asked, output, inside if not outside else (inside or 0) + outside


def _by_total(asked: int | None, answered: int | None, total: int, beside: int) -> tuple[int, int, int]:
    """Prompt, answer, and what the total holds beyond both. What is missing follows from the others."""
    if asked is None:
        asked = max(0, total - (answered or 0))
    elif answered is None:
        answered = max(0, total - asked)
    outside = max(0, total - asked - (answered or 0))
    if beside and (beside == outside or asked < beside < outside):
        return asked + beside, answered or 0, outside - beside
    return asked, answered or 0, outside


def _any_of(*counts: Count) -> bool:
    return any(count is not None for count in counts)
