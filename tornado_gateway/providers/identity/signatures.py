"""Signatures of tokens, by PyJWT: an issuer's public keys, and whether one of them signed.

Wire: RFC 7515, "JSON Web Signature"; RFC 7517, "JSON Web Key", 4 and 5; RFC 7518, 3 and 6; RFC 8037, 3.
"""

from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import msgspec

from tornado_gateway.domain.tokens import KeySetUnavailable, TokenRefused

_LEAST_RSA_BITS = 2048
_MOST_KEYS = 256
_LONGEST_TOKEN = 16 * 1024

_RSA = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
_FITTING: Mapping[tuple[str, str | None], frozenset[str]] = {
    ("RSA", None): _RSA,
    ("EC", "P-256"): frozenset({"ES256"}),
    ("EC", "P-384"): frozenset({"ES384"}),
    ("EC", "P-521"): frozenset({"ES512"}),
    ("OKP", "Ed25519"): frozenset({"EdDSA"}),
    ("OKP", "Ed448"): frozenset({"EdDSA"}),
}
"""The algorithms that a key can be for, by its type and curve. A shared secret (``oct``) is for none."""

_PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")


class Header(msgspec.Struct, frozen=True):
    """What a token says of its signature; nobody has signed that yet."""

    alg: str
    kid: str | None = None
    crit: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


class _Jwk(msgspec.Struct, frozen=True):
    """What a key says of its own use."""

    kty: str
    crv: str | None = None
    alg: str | None = None
    use: str = "sig"
    key_ops: tuple[str, ...] = ("verify",)
    kid: str | None = None


@dataclass(frozen=True, slots=True)
class PublicKey:
    """``algorithms`` are those that it may have signed with."""

    kid: str | None
    algorithms: frozenset[str]
    key: Any


@dataclass(frozen=True, slots=True)
class KeySet:
    """An issuer's public keys at one time."""

    keys: tuple[PublicKey, ...]

    def fitting(self, header: Header) -> tuple[PublicKey, ...]:
        """Who may have signed. Where there are several, the token must name one of them."""
        able = tuple(key for key in self.keys if header.alg in key.algorithms)
        if len(self.keys) == 1:
            return tuple(key for key in able if key.kid is None or header.kid in (None, key.kid))
        return tuple(key for key in able if key.kid is not None and key.kid == header.kid)


def read_header(token: str) -> Header:
    """Raises ``TokenRefused``."""
    if len(token) > _LONGEST_TOKEN:
        raise TokenRefused("is too long")
    segment = token.partition(".")[0]
    try:
        header = msgspec.json.decode(urlsafe_b64decode(segment + "=" * (-len(segment) % 4)), type=Header)
    except (ValueError, RecursionError):
        raise TokenRefused("is malformed") from None
    if header.crit is not msgspec.UNSET:
        raise TokenRefused("asks for extensions that nobody knows here")
    return header


def read_key_set(document: bytes) -> KeySet:
    """The keys that are fit for signatures; others are passed over, as are those that nobody can read.

    Raises ``KeySetUnavailable`` where none is left.
    """
    try:
        listed = msgspec.json.decode(document)["keys"]
        found = [made for entry in listed[:_MOST_KEYS] if (made := _public_key(entry)) is not None]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise KeySetUnavailable("what came is no JSON Web Key Set") from None
    if not found:
        raise KeySetUnavailable("there is no key for signatures in the set")
    return KeySet(tuple(found))


def _public_key(entry: Any) -> PublicKey | None:
    try:
        said = msgspec.convert(entry, _Jwk)
    except msgspec.ValidationError:
        return None
    fitting = _FITTING.get((said.kty, None if said.kty == "RSA" else said.crv), frozenset())
    if said.alg is not None:
        fitting &= {said.alg}
    if said.use != "sig" or "verify" not in said.key_ops or not fitting:
        return None
    public = {name: value for name, value in entry.items() if name not in _PRIVATE}
    jwt = _pyjwt()
    try:
        key = jwt.get_algorithm_by_name(next(iter(fitting))).from_jwk(public)
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        return None
    if said.kty == "RSA" and key.key_size < _LEAST_RSA_BITS:
        return None
    return PublicKey(said.kid, fitting, key)


def signed_claims(token: str, header: Header, keys: tuple[PublicKey, ...]) -> dict[str, Any] | None:
    """The claims, None where none of ``keys`` signed them. Raises ``TokenRefused`` for what is no token's content.

    The key decides what a signature may be: ``keys`` fit ``header``, and nothing but its algorithm is tried.
    """
    jwt = _pyjwt()
    for public in keys:
        try:
            opened = jwt.PyJWS().decode_complete(token, public.key, algorithms=[header.alg])
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
            continue
        return _claims(opened["payload"])
    return None


def _claims(payload: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(payload, type=dict[str, Any])
    except (ValueError, RecursionError):
        raise TokenRefused("holds no claims") from None


def _pyjwt() -> Any:
    """Only who takes tokens needs it."""
    try:
        return import_module("jwt")
    except ImportError:
        raise KeySetUnavailable("PyJWT is not installed: pip install 'tornado-gateway[jwt]'") from None
