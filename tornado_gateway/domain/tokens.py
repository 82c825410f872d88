"""Tokens (JWT): what one must say, and whom it makes of its bearer. Its signature is an adapter's to look at.

Standards: RFC 7519, "JSON Web Token"; RFC 8725, "Best Current Practices", 3.1 to 3.11.
"""

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeGuard

import msgspec

from tornado_gateway.domain.principal import Principal
from tornado_gateway.domain.quotas import Budget, Limits

_LONGEST_TEXT = 256
_MOST = 2**53
"""A number that JSON's readers agree on."""


@dataclass(frozen=True, slots=True)
class ClaimNames:
    """Which claims make the principal. A name with dots is looked for as it is, then as a way down."""

    id: str = "sub"
    tags: Mapping[str, str] = field(default_factory=dict)
    """Claims by the tag that they fill."""
    models: str | None = None
    limits: Mapping[str, str] = field(default_factory=dict)
    """Claims by the limit that they set."""


@dataclass(frozen=True, slots=True)
class TokenPolicy:
    """What holds for every token. ``keys_at`` is the address or the file of the issuer's key set.

    ``models``, ``limits`` and ``budget`` are those of bearers whose token says nothing of them. Times in seconds.
    """

    issuer: str
    audience: tuple[str, ...]
    keys_at: str
    algorithms: tuple[str, ...]
    leeway: float = 30.0
    refresh: float = 300.0
    """Between two looks at the key set."""
    cooldown: float = 30.0
    """In which unknown key ids lead to one look at most."""
    claims: ClaimNames = field(default_factory=ClaimNames)
    id_prefix: str = ""
    """Goes before each id, which keeps those of tokens and of keys apart."""
    tags: Mapping[str, str] = field(default_factory=dict)
    models: tuple[str, ...] | None = None
    limits: Limits | None = None
    budget: Budget | None = None


class TokenRefused(Exception):
    """``reason`` ends the sentence "The token ..."; it quotes nothing of the token."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class KeySetUnavailable(Exception):
    """The issuer's key set could not be had; the text names no address, which may hold a password."""


class KeySetSource(Protocol):
    """Where an issuer keeps its public keys."""

    async def fetch(self, where: str) -> bytes:
        """The key set's document at an address or in a file. Raises ``KeySetUnavailable``."""


class TokenVerifier(Protocol):
    def verify(self, token: str, policy: TokenPolicy) -> Principal | Awaitable[Principal]:
        """Who bears ``token``; awaitable only where the issuer must be asked for a key first.

        Raises ``TokenRefused``, now or when awaited.
        """


def looks_like_token(credential: str) -> bool:
    """Three parts with dots between them: no key that was made here has a dot."""
    return credential.count(".") == 2


def principal_of(claims: Mapping[str, Any], policy: TokenPolicy, now: float) -> tuple[Principal, float]:
    """The bearer, and the time (as ``now``, in seconds of the epoch) until which that holds.

    ``claims`` are those of a token whose signature is good. Raises ``TokenRefused``.
    """
    until = _times(claims, policy, now)
    if claims.get("iss") != policy.issuer:
        raise TokenRefused("is of another issuer")
    audience = claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    if not any(each in policy.audience for each in named if isinstance(each, str)):
        raise TokenRefused("is for another audience")
    principal = Principal(
        id=policy.id_prefix + _text(_find(claims, policy.claims.id), policy.claims.id),
        tags=_tags(claims, policy),
        models=_models(claims, policy),
        limits=_limits(claims, policy),
        budget=policy.budget,
    )
    return principal, until


def _times(claims: Mapping[str, Any], policy: TokenPolicy, now: float) -> float:
    ends = claims.get("exp")
    if not _is_number(ends):
        raise TokenRefused("says not when it expires")
    if now >= ends + policy.leeway:
        raise TokenRefused("has expired")
    begins = claims.get("nbf")
    if begins is not None and not _is_number(begins):
        raise TokenRefused("has a malformed claim 'nbf'")
    if begins is not None and now < begins - policy.leeway:
        raise TokenRefused("is not valid yet")
    return float(ends + policy.leeway)


def _find(claims: Mapping[str, Any], name: str) -> Any:
    """None where there is none: a claim that is null says as much."""
    if name in claims:
        return claims[name]
    value: Any = claims
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _tags(claims: Mapping[str, Any], policy: TokenPolicy) -> dict[str, str]:
    found = {tag: (name, _find(claims, name)) for tag, name in policy.claims.tags.items()}
    return {**policy.tags, **{tag: _text(value, name) for tag, (name, value) in found.items() if value is not None}}


def _models(claims: Mapping[str, Any], policy: TokenPolicy) -> tuple[str, ...] | None:
    name = policy.claims.models
    if name is None:
        return policy.models
    value = _find(claims, name)
    if value is None:
        # A token that was to say so and does not is no reason to allow everything.
        return policy.models or ()
    names = value.split() if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(each, str) for each in names):
        raise _malformed(name)
    return tuple(names)


def _limits(claims: Mapping[str, Any], policy: TokenPolicy) -> Limits | None:
    found: dict[str, int] = {}
    for limit, name in policy.claims.limits.items():
        value = _find(claims, name)
        if value is None:
            continue
        if not _is_number(value) or value != int(value) or not 1 <= value <= _MOST:
            raise _malformed(name)
        found[limit] = int(value)
    if not found:
        return policy.limits
    return msgspec.structs.replace(policy.limits or Limits(), **found)


def _text(value: Any, name: str) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value or len(value) > _LONGEST_TEXT or not value.isprintable():
        raise _malformed(name)
    return value


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _MOST


def _malformed(name: str) -> TokenRefused:
    return TokenRefused(f"has no good claim {name!r}")
