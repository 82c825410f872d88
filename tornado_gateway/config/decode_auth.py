"""Keys and the token policy of a valid document."""

from typing import Any

from tornado_gateway.config.decode_prices import moment
from tornado_gateway.config.decode_quotas import budget, limits
from tornado_gateway.config.model_auth import AuthSettings
from tornado_gateway.domain.keys import GatewayKey
from tornado_gateway.domain.principal import Principal
from tornado_gateway.domain.tokens import ClaimNames, TokenPolicy

_FILE_REFRESH = 5
"""Seconds: a look at a file costs nobody anything."""


def auth(entry: dict[str, Any]) -> AuthSettings:
    """What the section says; an empty one is as good as none."""
    required = entry.get("required", "auto")
    jwt = entry.get("jwt")
    return AuthSettings(
        required=None if required == "auto" else required,
        keys=tuple(_key(each) for each in entry.get("keys", ())),
        store=entry.get("store", False),
        jwt=None if jwt is None else _jwt(jwt),
        metrics=entry.get("metrics", False),
    )


def _key(entry: dict[str, Any]) -> GatewayKey:
    return GatewayKey(
        principal=Principal(
            id=entry["id"],
            tags=dict(entry.get("tags", {})),
            models=_models(entry),
            limits=limits(entry),
            budget=budget(entry),
        ),
        sha256=entry["sha256"].lower(),
        owner=entry.get("owner"),
        expires=moment(entry.get("expires")),
        disabled=entry.get("disabled", False),
    )


def _models(entry: dict[str, Any]) -> tuple[str, ...] | None:
    return tuple(entry["models"]) if "models" in entry else None


def _jwt(entry: dict[str, Any]) -> TokenPolicy:
    audience = entry["audience"]
    usual = TokenPolicy(issuer="", audience=(), keys_at="", algorithms=())
    refresh = usual.refresh if "jwks_url" in entry else _FILE_REFRESH
    return TokenPolicy(
        issuer=entry["issuer"],
        audience=(audience,) if isinstance(audience, str) else tuple(audience),
        keys_at=entry.get("jwks_url") or entry["jwks_file"],
        algorithms=tuple(entry["algorithms"]),
        leeway=float(entry.get("leeway", usual.leeway)),
        refresh=float(entry.get("refresh", refresh)),
        cooldown=float(entry.get("cooldown", usual.cooldown)),
        claims=_claims(entry.get("claims", {})),
        id_prefix=entry.get("id_prefix", ""),
        tags=dict(entry.get("tags", {})),
        models=_models(entry),
        limits=limits(entry),
        budget=budget(entry),
    )


def _claims(entry: dict[str, Any]) -> ClaimNames:
    return ClaimNames(
        id=entry.get("id", "sub"),
        tags=dict(entry.get("tags", {})),
        models=entry.get("models"),
        limits=dict(entry.get("limits", {})),
    )
