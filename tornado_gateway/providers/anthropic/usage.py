"""Anthropic's usage objects as disjoint buckets.

Wire: Anthropic API reference, "Create a Message", ``usage``. ``input_tokens`` leaves cache reads and writes out;
``output_tokens`` has the thinking in it. A stream reports at its start and again, more complete, at its end.
"""

import msgspec

from tornado_gateway.domain.usage import TokenUsage, priced_tier


class CacheCreation(msgspec.Struct, frozen=True):
    ephemeral_5m_input_tokens: int | None = None
    ephemeral_1h_input_tokens: int | None = None


class OutputDetails(msgspec.Struct, frozen=True):
    thinking_tokens: int | None = None


class WireUsage(msgspec.Struct, frozen=True):
    """``usage`` as sent; counts are running totals."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation: CacheCreation | None = None
    output_tokens_details: OutputDetails | None = None
    service_tier: str | None = None

    def updated(self, later: "WireUsage") -> "WireUsage":
        """What ``later`` says, and of the rest what was said before."""
        names = self.__struct_fields__
        said = {name: value for name in names if (value := getattr(later, name)) is not None}
        return msgspec.structs.replace(self, **said)

    def buckets(self) -> TokenUsage:
        reasoning = self.output_tokens_details.thinking_tokens if self.output_tokens_details else None
        short, long = self._written()
        return TokenUsage(
            input=self.input_tokens or 0,
            output=max(0, (self.output_tokens or 0) - (reasoning or 0)),
            cached_input=self.cache_read_input_tokens,
            cache_write=short,
            cache_write_1h=long,
            reasoning=reasoning,
            service_tier=priced_tier(self.service_tier),
        )

    def _written(self) -> tuple[int | None, int | None]:
        """Cache writes for five minutes and for an hour. The total is the newer figure in a stream."""
        total, parts = self.cache_creation_input_tokens, self.cache_creation
        if parts is None:
            return total, None
        long = parts.ephemeral_1h_input_tokens
        if total is None:
            return parts.ephemeral_5m_input_tokens, long
        return max(0, total - (long or 0)), long
