"""A valid document as settings. Pure: whatever could be wrong with it has been said before."""

from decimal import Decimal
from typing import Any

from tornado_gateway.config import decode_cache, decode_guardrails, decode_quotas, decode_state
from tornado_gateway.config import decode_policies as policies
from tornado_gateway.config.decode_admin import admin
from tornado_gateway.config.decode_auth import auth
from tornado_gateway.config.decode_ledger import ledger
from tornado_gateway.config.decode_otel import otel
from tornado_gateway.config.decode_prices import cards
from tornado_gateway.config.decode_tls import tls
from tornado_gateway.config.model import (
    LogSettings,
    ProviderSettings,
    RouteSettings,
    ServerSettings,
    Settings,
    TargetSettings,
)
from tornado_gateway.config.source import Source
from tornado_gateway.domain.snapshot import CorsPolicy

_SECONDS = frozenset({"read_timeout", "write_timeout", "drain_timeout", "keep_alive"})
_OPTIONS = frozenset({"pause", "version", "api_version", "vendor"})
"""Members of a provider that only some kinds have: they go on as they are."""


def decode(source: Source) -> Settings:
    """The settings of a document that the schema has accepted."""
    document = source.value
    pricing = document["pricing"]
    return Settings(
        providers=tuple(_provider(name, entry) for name, entry in document["providers"].items()),
        routes=tuple(_route(name, entry, source) for name, entry in document["routes"].items()),
        prices=tuple(cards(source)),
        allow_unpriced=pricing.get("allow_unpriced", False),
        server=_server(document.get("server") or {}),
        log=LogSettings(**(document.get("log") or {})),
        cors=_cors(document.get("cors") or {}),
        cache=decode_cache.settings(document.get("cache") or {}),
        auth=auth(document.get("auth") or {}),
        admin=admin(document.get("admin") or {}),
        state=decode_state.state(document),
        quotas=decode_quotas.quotas(document),
        webhooks=decode_state.webhooks(document),
        ledger=ledger(document.get("ledger") or {}),
        otel=otel(document.get("otel") or {}),
        guardrails=decode_guardrails.guardrails(document),
        global_guardrails=decode_guardrails.attached(document, "global_guardrails"),
    )


def _server(entry: dict[str, Any]) -> ServerSettings:
    members: dict[str, Any] = {name: float(value) if name in _SECONDS else value for name, value in entry.items()}
    members["trusted_proxies"] = tuple(members.get("trusted_proxies", ()))
    members["tls"] = tls(members.get("tls"))
    return ServerSettings(**members)


def _cors(entry: dict[str, Any]) -> CorsPolicy:
    policy = CorsPolicy()
    return CorsPolicy(
        origins=frozenset(entry.get("allowed_origins", policy.origins)),
        methods=tuple(entry.get("allowed_methods", policy.methods)),
        headers=tuple(entry.get("allowed_headers", policy.headers)),
        credentials=entry.get("allow_credentials", policy.credentials),
        max_age=entry.get("max_age", policy.max_age),
    )


def _provider(name: str, entry: dict[str, Any]) -> ProviderSettings:
    options = {
        key: float(value) if isinstance(value, Decimal | int) else value
        for key, value in entry.items()
        if key in _OPTIONS
    }
    return ProviderSettings(
        name=name,
        kind=entry["kind"],
        endpoints=policies.endpoints(entry),
        timeout=float(entry.get("timeout", 60)),
        timeouts=policies.timeouts(entry),
        max_retries=entry.get("max_retries", 3),
        breaker=policies.breaker(entry),
        concurrency=policies.concurrency(entry),
        probe=policies.probe(entry),
        ca_file=entry.get("ca_file") or None,
        proxy=entry.get("proxy") or None,
        options=options,
    )


def _route(name: str, entry: dict[str, Any], source: Source) -> RouteSettings:
    targets = entry.get("targets") or [{"provider": entry["provider"], "model": entry.get("model")}]
    return RouteSettings(
        name=name,
        targets=tuple(TargetSettings(**target) for target in targets),
        strategy=entry.get("strategy", "priority"),
        fallbacks=tuple(policies.fallback(each) for each in entry.get("fallbacks", ())),
        retries=policies.retries(entry),
        timeouts=policies.timeouts(entry),
        hedge=policies.hedge(entry),
        mirror=policies.mirror(entry),
        cache=decode_cache.cache(entry),
        guardrails=decode_guardrails.attached(entry),
        line=source.key_position(("routes", name)).line,
    )
