"""kind -> adapter: the one place that knows which kinds of provider there are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from tornado_gateway.domain.ports import ChatProvider, Clock
from tornado_gateway.providers.anthropic.adapter import DEFAULT_VERSION, AnthropicProvider
from tornado_gateway.providers.echo import EchoProvider
from tornado_gateway.providers.openai.adapter import OpenAIProvider
from tornado_gateway.providers.upstream import Upstream


@dataclass(frozen=True, slots=True)
class ProviderSpec:
    """One entry of ``providers`` in gateway.yaml, resolved. ``timeout`` is in seconds."""

    name: str
    kind: str
    base_url: str | None = None
    api_key: str | None = field(default=None, repr=False)
    timeout: float = 60.0
    max_retries: int = 3
    options: Mapping[str, Any] = field(default_factory=dict)


class ProviderRegistry:
    """Makes adapters over one shared transport, which outlives every revision of the configuration."""

    def __init__(self, transport: httpx.AsyncBaseTransport, clock: Clock) -> None:
        self._transport = transport
        self._clock = clock
        self._kinds = {"echo": self._echo, "openai": self._openai, "anthropic": self._anthropic}

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(self._kinds)

    def make(self, spec: ProviderSpec) -> ChatProvider:
        """The adapter for ``spec``; raises ``KeyError`` for a kind that nobody knows."""
        return self._kinds[spec.kind](spec)

    def _echo(self, spec: ProviderSpec) -> ChatProvider:
        return EchoProvider(name=spec.name, clock=self._clock, pause=float(spec.options.get("pause", 0.02)))

    def _openai(self, spec: ProviderSpec) -> ChatProvider:
        return OpenAIProvider(
            name=spec.name,
            base_url=spec.base_url or "https://api.openai.com/v1",
            configured=bool(spec.api_key),
            retries=spec.max_retries,
            upstream=self._upstream(spec, [("authorization", f"Bearer {spec.api_key}")]),
        )

    def _anthropic(self, spec: ProviderSpec) -> ChatProvider:
        return AnthropicProvider(
            name=spec.name,
            base_url=spec.base_url or "https://api.anthropic.com",
            configured=bool(spec.api_key),
            retries=spec.max_retries,
            upstream=self._upstream(spec, [("x-api-key", spec.api_key or "")]),
            version=str(spec.options.get("version", DEFAULT_VERSION)),
        )

    def _upstream(self, spec: ProviderSpec, headers: list[tuple[str, str]]) -> Upstream:
        return Upstream(
            provider=spec.name,
            transport=self._transport,
            clock=self._clock,
            headers=headers,
            timeout=spec.timeout,
        )
