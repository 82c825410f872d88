"""kind -> adapter: the one place that knows which kinds of provider there are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import httpx

from tornado_gateway.domain.ports import ChatProvider, Clock
from tornado_gateway.providers.anthropic.adapter import DEFAULT_VERSION, AnthropicProvider
from tornado_gateway.providers.compatible import UNKNOWN, VENDORS
from tornado_gateway.providers.echo import EchoProvider
from tornado_gateway.providers.gemini.adapter import DEFAULT_BASE_URL, GeminiProvider
from tornado_gateway.providers.openai.adapter import OpenAIProvider
from tornado_gateway.providers.openai.endpoints import AzureEndpoints, Endpoints, PlainEndpoints
from tornado_gateway.providers.openai.vendor import OPENAI, Vendor
from tornado_gateway.providers.pooled import PooledTransport
from tornado_gateway.providers.upstream import Upstream


@dataclass(frozen=True, slots=True)
class ProviderSpec:
    """One endpoint of an entry of ``providers`` in gateway.yaml, resolved. ``timeout`` is in seconds.

    ``ca_file`` takes the place of the certificates that are trusted otherwise, ``proxy`` that of the environment's.
    """

    name: str
    kind: str
    base_url: str | None = None
    api_key: str | None = field(default=None, repr=False)
    timeout: float = 60.0
    max_retries: int = 3
    ca_file: str | None = None
    proxy: str | None = field(default=None, repr=False)
    options: Mapping[str, Any] = field(default_factory=dict)


class ProviderRegistry:
    """Makes adapters over one shared transport, which outlives every revision of the configuration.

    A provider with certificates or a proxy of its own has another one, made by ``make_transport`` and shared by all
    that have the same. ``environ`` is where a vendor's key is looked for under the name that its own clients use, if
    the file gives none.
    """

    def __init__(
        self,
        transport: httpx.AsyncBaseTransport,
        clock: Clock,
        environ: Mapping[str, str] | None = None,
        make_transport: Callable[[str | None, str | None], httpx.AsyncBaseTransport] = PooledTransport,
    ) -> None:
        self._transport = transport
        self._make_transport = make_transport
        self._own: dict[tuple[str | None, str | None], httpx.AsyncBaseTransport] = {}
        self._clock = clock
        self._environ: Mapping[str, str] = {} if environ is None else environ
        self._kinds = {
            "echo": self._echo,
            "openai": self._openai,
            "anthropic": self._anthropic,
            "gemini": self._gemini,
            "azure_openai": self._azure,
            "openai_compatible": self._compatible,
        }

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(self._kinds)

    async def close(self) -> None:
        """Ends the connections of every transport that was made here; the shared one is its owner's."""
        for transport in self._own.values():
            await transport.aclose()

    def make(self, spec: ProviderSpec) -> ChatProvider:
        """The adapter for ``spec``; raises ``KeyError`` for a kind that nobody knows."""
        return self._kinds[spec.kind](spec)

    def _echo(self, spec: ProviderSpec) -> ChatProvider:
        return EchoProvider(name=spec.name, clock=self._clock, pause=float(spec.options.get("pause", 0.02)))

    def _openai(self, spec: ProviderSpec) -> ChatProvider:
        endpoints = PlainEndpoints(spec.base_url or str(OPENAI.base_url), OPENAI.protocols)
        return self._of_openais_kind(spec, OPENAI, endpoints, _bearer(spec.api_key))

    def _compatible(self, spec: ProviderSpec) -> ChatProvider:
        vendor = VENDORS.get(str(spec.options.get("vendor")), UNKNOWN)
        if not spec.api_key and vendor.key_variable is not None:
            spec = replace(spec, api_key=self._environ.get(vendor.key_variable, "").strip() or None)
        endpoints = PlainEndpoints(spec.base_url or str(vendor.base_url), vendor.protocols)
        return self._of_openais_kind(spec, vendor, endpoints, _bearer(spec.api_key))

    def _azure(self, spec: ProviderSpec) -> ChatProvider:
        endpoints = AzureEndpoints(str(spec.base_url), spec.options.get("api_version"))
        vendor = replace(OPENAI, name="azure_openai", title="Azure OpenAI", usage_option=endpoints.takes_stream_options)
        return self._of_openais_kind(spec, vendor, endpoints, [("api-key", spec.api_key or "")])

    def _of_openais_kind(
        self, spec: ProviderSpec, vendor: Vendor, endpoints: Endpoints, headers: list[tuple[str, str]]
    ) -> ChatProvider:
        return OpenAIProvider(
            name=spec.name,
            endpoints=endpoints,
            configured=bool(spec.api_key) or not vendor.needs_key,
            retries=spec.max_retries,
            upstream=self._upstream(spec, headers, endpoints.base),
            vendor=vendor,
        )

    def _anthropic(self, spec: ProviderSpec) -> ChatProvider:
        base_url = spec.base_url or "https://api.anthropic.com"
        return AnthropicProvider(
            name=spec.name,
            base_url=base_url,
            configured=bool(spec.api_key),
            retries=spec.max_retries,
            upstream=self._upstream(spec, [("x-api-key", spec.api_key or "")], base_url),
            version=str(spec.options.get("version", DEFAULT_VERSION)),
        )

    def _gemini(self, spec: ProviderSpec) -> ChatProvider:
        base_url = spec.base_url or DEFAULT_BASE_URL
        return GeminiProvider(
            name=spec.name,
            base_url=base_url,
            configured=bool(spec.api_key),
            retries=spec.max_retries,
            # Never in the URL, where the official examples have it: URLs are logged.
            upstream=self._upstream(spec, [("x-goog-api-key", spec.api_key or "")], base_url),
        )

    def _transport_for(self, spec: ProviderSpec) -> httpx.AsyncBaseTransport:
        if spec.ca_file is None and spec.proxy is None:
            return self._transport
        key = (spec.ca_file, spec.proxy)
        if key not in self._own:
            self._own[key] = self._make_transport(*key)
        return self._own[key]

    def _upstream(self, spec: ProviderSpec, headers: list[tuple[str, str]], base_url: str) -> Upstream:
        return Upstream(
            provider=spec.name,
            transport=self._transport_for(spec),
            clock=self._clock,
            headers=headers,
            timeout=spec.timeout,
            base_url=base_url,
        )


def _bearer(key: str | None) -> list[tuple[str, str]]:
    """Nothing where there is no key: a server of one's own may refuse an empty one."""
    return [("authorization", f"Bearer {key}")] if key else []
