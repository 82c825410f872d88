"""OpenAI's usage objects as disjoint buckets.

Wire: OpenAI API reference, "The chat completion object" and "The completion object", member ``usage``. Compatible
vendors send the same names with some sums made differently; ``total_tokens`` tells which.
"""

import msgspec

from tornado_gateway.domain.usage import TokenUsage


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

    def buckets(self) -> TokenUsage:
        """Cached and audio tokens are inside ``prompt_tokens``. Reasoning is inside ``completion_tokens`` at
        OpenAI and outside at xAI: where the total only adds up with it, it is outside."""
        prompt = self.prompt_tokens or 0
        completion = self.completion_tokens or 0
        details = self.prompt_tokens_details or PromptDetails()
        out = self.completion_tokens_details or CompletionDetails()
        cached = details.cached_tokens if details.cached_tokens is not None else self.prompt_cache_hit_tokens
        reasoning = out.reasoning_tokens
        inside = (reasoning or 0) + (out.audio_tokens or 0)
        if reasoning and self.total_tokens == prompt + completion + reasoning:
            inside -= reasoning
        return TokenUsage(
            input=_rest(prompt, cached, details.audio_tokens, details.cache_write_tokens),
            output=_rest(completion, inside),
            cached_input=cached,
            cache_write=details.cache_write_tokens,
            audio_input=details.audio_tokens,
            reasoning=reasoning,
            audio_output=out.audio_tokens,
        )


def _rest(total: int, *parts: int | None) -> int:
    return max(0, total - sum(part or 0 for part in parts))
