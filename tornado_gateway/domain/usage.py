"""Token usage in disjoint buckets, so that no token is billed twice and none is lost."""

import msgspec


class TokenUsage(msgspec.Struct, frozen=True, gc=False):
    """Tokens of one call. The buckets are disjoint: each token stands in exactly one.

    ``None`` means that the provider said nothing of that bucket, which is not the same as 0: tokens of
    an unreported bucket stand in ``input`` or ``output``.
    """

    input: int = 0
    """Prompt tokens that were neither read from nor written to a cache, audio left out."""
    output: int = 0
    """Completion tokens other than ``reasoning`` and ``audio_output``."""
    cached_input: int | None = None
    cache_write: int | None = None
    """Written to a cache that lives five minutes (or for the provider's only lifetime)."""
    cache_write_1h: int | None = None
    audio_input: int | None = None
    reasoning: int | None = None
    audio_output: int | None = None
    estimated: bool = False
    """True where the provider reported nothing and the gateway counted by rule of thumb."""
    images: int | None = None
    """Images that the answer holds: no tokens, and priced each."""
    service_tier: str | None = None
    """How the provider says to have served the call (``batch``, ``flex``, ``priority``...), where that has a price."""

    @property
    def cache_written(self) -> int | None:
        """Tokens written to the cache, however long they stay there; None where nothing is known of them."""
        if self.cache_write is None and self.cache_write_1h is None:
            return None
        return (self.cache_write or 0) + (self.cache_write_1h or 0)

    @property
    def prompt_tokens(self) -> int:
        return (
            self.input
            + (self.cached_input or 0)
            + (self.cache_write or 0)
            + (self.cache_write_1h or 0)
            + (self.audio_input or 0)
        )

    @property
    def completion_tokens(self) -> int:
        return self.output + (self.reasoning or 0) + (self.audio_output or 0)

    @property
    def total_tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens

    def buckets(self) -> list[tuple[str, int]]:
        """The non-empty buckets by name; they sum to ``total_tokens``."""
        return [(name, count) for name in BUCKETS if (count := getattr(self, name))]


PRICED_TIERS = frozenset({"batch", "flex", "priority"})


def priced_tier(name: str | None) -> str | None:
    """A provider's word for how it served a call, None where that has no price of its own."""
    return name if name in PRICED_TIERS else None


PROMPT_BUCKETS = ("input", "cached_input", "cache_write", "cache_write_1h", "audio_input")
COMPLETION_BUCKETS = ("output", "reasoning", "audio_output")
BUCKETS = PROMPT_BUCKETS + COMPLETION_BUCKETS
