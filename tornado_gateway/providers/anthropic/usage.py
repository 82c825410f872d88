"""Anthropic's usage objects as disjoint buckets.

Wire: Anthropic API reference, "Create a Message", ``usage``. ``input_tokens`` leaves cache reads and writes out;
``output_tokens`` has the thinking in it. A stream reports at its start and again, more complete, at its end.
"""

import msgspec

from tornado_gateway.domain.usage import TokenUsage, priced_tier
from tornado_gateway.providers.counts import Count, split, whole


class CacheCreation(msgspec.Struct, frozen=True):
    ephemeral_5m_input_tokens: Count = None
    ephemeral_1h_input_tokens: Count = None


class OutputDetails(msgspec.Struct, frozen=True):
    thinking_tokens: Count = None


class WireUsage(msgspec.Struct, frozen=True):
    """``usage`` as sent; counts are running totals."""

    input_tokens: Count = None
    output_tokens: Count = None
    cache_creation_input_tokens: Count = None
    cache_read_input_tokens: Count = None
    cache_creation: CacheCreation | None = None
    output_tokens_details: OutputDetails | None = None
    service_tier: str | None = None

    def updated(self, later: "WireUsage") -> "WireUsage":
        """What ``later`` says, and of the rest what was said before."""
        names = self.__struct_fields__
        said = {name: value for name in names if (value := getattr(later, name)) is not None}
        return msgspec.structs.replace(self, **said)

    @property
    def counted(self) -> bool:
        """False where the object holds no count: its call is not to be billed nothing."""
        return self.input_tokens is not None or self.output_tokens is not None

    def buckets(self) -> TokenUsage:
        details = self.output_tokens_details
        output, (reasoning,) = split(self.output_tokens, None if details is None else details.thinking_tokens)
        short, long = self._written()
        return TokenUsage(
            input=whole(self.input_tokens) or 0,
            output=output,
            cached_input=whole(self.cache_read_input_tokens),
            cache_write=short,
            cache_write_1h=long,
            reasoning=reasoning,
            service_tier=priced_tier(self.service_tier),
        )

    def _written(self) -> tuple[int | None, int | None]:
        """Cache writes for five minutes and for an hour. The total is the newer figure in a stream."""
        total, parts = whole(self.cache_creation_input_tokens), self.cache_creation
        if parts is None:
            return total, None
        if total is None:
            return whole(parts.ephemeral_5m_input_tokens), whole(parts.ephemeral_1h_input_tokens)
        short, (long,) = split(total, parts.ephemeral_1h_input_tokens)
        return short, long


def reported(usage: WireUsage | None) -> TokenUsage | None:
    """The buckets, None where nothing was counted."""
    return usage.buckets() if usage is not None and usage.counted else None
