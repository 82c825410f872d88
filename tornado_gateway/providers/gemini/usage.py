"""Gemini's usage objects as disjoint buckets.

Wire: Gemini API reference, "UsageMetadata". ``promptTokenCount`` has the cached tokens in it, tokens that a tool of
the provider's own brought into the prompt stand beside it, and thoughts stand beside ``candidatesTokenCount``.
"""

import msgspec

from tornado_gateway.domain.usage import TokenUsage, priced_tier


class ModalityCount(msgspec.Struct, frozen=True, rename="camel"):
    modality: str | None = None
    token_count: int | None = None


class WireUsage(msgspec.Struct, frozen=True, rename="camel"):
    """``usageMetadata`` as sent; in a stream a running total."""

    prompt_token_count: int | None = None
    cached_content_token_count: int | None = None
    candidates_token_count: int | None = None
    thoughts_token_count: int | None = None
    tool_use_prompt_token_count: int | None = None
    total_token_count: int | None = None
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
        prompt = (self.prompt_token_count or 0) + (self.tool_use_prompt_token_count or 0)
        heard = _audio(self.prompt_tokens_details, self.tool_use_prompt_tokens_details)
        heard_cached = _audio(self.cache_tokens_details)
        audio = None if heard is None else max(0, heard - (heard_cached or 0))
        spoken = _audio(self.candidates_tokens_details)
        return TokenUsage(
            input=max(0, prompt - (self.cached_content_token_count or 0) - (audio or 0)),
            output=max(0, (self.candidates_token_count or 0) - (spoken or 0)),
            cached_input=self.cached_content_token_count,
            audio_input=audio,
            reasoning=self.thoughts_token_count,
            audio_output=spoken,
            service_tier=priced_tier((self.service_tier or "").lower()),
        )


def _audio(*details: list[ModalityCount] | None) -> int | None:
    """Tokens of sound, None where there was none."""
    counts = [count.token_count or 0 for some in details for count in some or () if count.modality == "AUDIO"]
    return sum(counts) if counts else None
