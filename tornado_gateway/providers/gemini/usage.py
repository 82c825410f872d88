"""Gemini's usage objects as disjoint buckets.

Wire: Gemini API reference, "UsageMetadata". ``promptTokenCount`` has the cached tokens in it, tokens that a tool of
the provider's own brought into the prompt stand beside it, and thoughts stand beside ``candidatesTokenCount``.
"""

import msgspec

from tornado_gateway.domain.usage import TokenUsage, priced_tier
from tornado_gateway.providers.counts import Count, split, whole


class ModalityCount(msgspec.Struct, frozen=True, rename="camel"):
    modality: str | None = None
    token_count: Count = None


class WireUsage(msgspec.Struct, frozen=True, rename="camel"):
    """``usageMetadata`` as sent; in a stream a running total."""

    prompt_token_count: Count = None
    cached_content_token_count: Count = None
    candidates_token_count: Count = None
    thoughts_token_count: Count = None
    tool_use_prompt_token_count: Count = None
    total_token_count: Count = None
    prompt_tokens_details: list[ModalityCount] | None = None
    cache_tokens_details: list[ModalityCount] | None = None
    candidates_tokens_details: list[ModalityCount] | None = None
    tool_use_prompt_tokens_details: list[ModalityCount] | None = None
    service_tier: str | None = None

    @property
    def counted(self) -> bool:
        """False where the object holds no count: a blocked prompt's only tells the kind of traffic."""
        return self.prompt_token_count is not None or self.total_token_count is not None

    def buckets(self) -> TokenUsage:
        prompt, said, thoughts = self._sums()
        heard = _audio(self.prompt_tokens_details, self.tool_use_prompt_tokens_details)
        heard_cached = _audio(self.cache_tokens_details)
        fresh = None if heard is None else max(0, heard - (heard_cached or 0))
        rest, (cached, audio) = split(prompt, self.cached_content_token_count, fresh)
        output, (spoken,) = split(said, _audio(self.candidates_tokens_details))
        return TokenUsage(
            input=rest,
            output=output,
            cached_input=cached,
            audio_input=audio,
            reasoning=thoughts,
            audio_output=spoken,
            service_tier=priced_tier((self.service_tier or "").lower()),
        )

    def _sums(self) -> tuple[int | None, int | None, int | None]:
        """Prompt, answer, thoughts. What the total holds beyond them was said or, where no prompt is told of, asked."""
        prompt, said, thoughts = (
            whole(count) for count in (self.prompt_token_count, self.candidates_token_count, self.thoughts_token_count)
        )
        told = whole(self.tool_use_prompt_token_count)
        untold = (whole(self.total_token_count) or 0) - sum(count or 0 for count in (prompt, told, said, thoughts))
        if untold > 0 and prompt is None:
            prompt = untold
        elif untold > 0:
            said = (said or 0) + untold
        return prompt if told is None else (prompt or 0) + told, said, thoughts


def _audio(*details: list[ModalityCount] | None) -> int | None:
    """Tokens of sound, None where there was none."""
    counts = [whole(count.token_count) or 0 for some in details for count in some or () if count.modality == "AUDIO"]
    return sum(counts) if counts else None
