"""A valid document as settings. Pure: whatever could be wrong with it has been said before."""

from decimal import Decimal
from typing import Any

from tornado_gateway.config.model import (
    LogSettings,
    PriceSettings,
    ProviderSettings,
    RouteSettings,
    ServerSettings,
    Settings,
    TargetSettings,
)
from tornado_gateway.config.source import Source
from tornado_gateway.domain.snapshot import CorsPolicy

_SECONDS = frozenset({"read_timeout", "write_timeout", "drain_timeout", "keep_alive"})
_COMMON = frozenset({"kind", "base_url", "api_key", "timeout", "max_retries"})


def decode(source: Source) -> Settings:
    """The settings of a document that the schema has accepted."""
    document = source.value
    pricing = document["pricing"]
    return Settings(
        providers=tuple(_provider(name, entry) for name, entry in document["providers"].items()),
        routes=tuple(_route(name, entry, source) for name, entry in document["routes"].items()),
        prices=tuple(_price(name, entry, source) for name, entry in pricing["models"].items()),
        allow_unpriced=pricing.get("allow_unpriced", False),
        server=_server(document.get("server") or {}),
        log=LogSettings(**(document.get("log") or {})),
        cors=_cors(document.get("cors") or {}),
    )


def _server(entry: dict[str, Any]) -> ServerSettings:
    members: dict[str, Any] = {name: float(value) if name in _SECONDS else value for name, value in entry.items()}
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
        if key not in _COMMON
    }
    return ProviderSettings(
        name=name,
        kind=entry["kind"],
        base_url=entry.get("base_url") or None,
        # A mounted secret often ends in a line break.
        api_key=entry.get("api_key", "").strip() or None,
        timeout=float(entry.get("timeout", 60)),
        max_retries=entry.get("max_retries", 3),
        options=options,
    )


def _route(name: str, entry: dict[str, Any], source: Source) -> RouteSettings:
    targets = entry.get("targets") or [{"provider": entry["provider"], "model": entry.get("model")}]
    return RouteSettings(
        name=name,
        targets=tuple(TargetSettings(**target) for target in targets),
        strategy=entry.get("strategy", "priority"),
        fallbacks=tuple(entry.get("fallbacks", ())),
        line=source.key_position(("routes", name)).line,
    )


def _price(name: str, entry: dict[str, Any], source: Source) -> PriceSettings:
    rates = {bucket: Decimal(value) for bucket, value in entry.items() if bucket != "free"}
    line = source.key_position(("pricing", "models", name)).line
    return PriceSettings(model=name, rates=rates, free=entry.get("free", False), line=line)
