import base64
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import issuer
from tornado_gateway.domain.tokens import KeySetUnavailable, TokenRefused
from tornado_gateway.providers.identity import signatures
from tornado_gateway.providers.identity.signatures import Header, read_header, read_key_set, signed_claims


def claims_of(token: str, *keys: str | dict[str, Any]) -> dict[str, Any] | None:
    header = read_header(token)
    return signed_claims(token, header, read_key_set(issuer.key_set(*keys)).fitting(header))


@pytest.mark.parametrize(
    ("name", "algorithm"),
    [
        *(("rsa", each) for each in ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")),
        *(("p256", "ES256"), ("p384", "ES384"), ("ed", "EdDSA")),
    ],
)
def test_each_algorithm_by_its_key(name: str, algorithm: str) -> None:
    signed = issuer.token(name, algorithm, sub="user-7")
    claims = claims_of(signed, name, "rsa-2")
    assert claims is not None
    assert claims["sub"] == "user-7"
    head, body, signature = signed.split(".")
    other = issuer.token(name, algorithm, sub="user-8").split(".")
    assert claims_of(f"{head}.{other[1]}.{signature}", name) is None
    assert claims_of(f"{head}.{body}.{'A' * len(signature)}", name) is None
    assert claims_of(signed, issuer.jwk("rsa-2", name) if name == "rsa" else issuer.jwk(f"{name}-2", name)) is None


def test_among_several_keys_the_token_names_one() -> None:
    nameless = issuer.token("rsa", headers={"kid": None})
    assert claims_of(nameless, "rsa") is not None
    assert claims_of(nameless, "rsa", "p256") is None
    assert claims_of(issuer.token("rsa", headers={"kid": "other"}), "rsa") is None
    assert (
        claims_of(issuer.token("rsa", headers={"kid": "any"}), issuer.jwk("rsa", kid=None) | {"kid": None}) is not None
    )
    bare = {member: value for member, value in issuer.jwk("rsa").items() if member != "kid"}
    assert claims_of(issuer.token("rsa"), bare) is not None
    assert claims_of(issuer.token("rsa"), bare, "p256") is None
    assert claims_of(issuer.token("rsa"), issuer.jwk("rsa-2", kid="rsa"), "rsa") is not None


@pytest.mark.parametrize(
    "change",
    [
        {"use": "enc"},
        {"key_ops": ["sign"]},
        {"alg": "RS512"},
        {"alg": "HS256"},
        {"alg": ["RS256"]},
        {"kty": "oct"},
        {"kty": ["RSA"]},
        {"kty": None},
        {"kid": 7},
        {"n": "AA"},
        {"n": None},
        {"e": 65537},
    ],
)
def test_a_key_for_something_else_is_passed_over(change: dict[str, Any]) -> None:
    odd = {**issuer.jwk("rsa"), **change}
    keys = read_key_set(issuer.key_set("p256", {name: value for name, value in odd.items() if value is not None}))
    assert keys.fitting(Header("RS256", "rsa")) == ()
    assert len(keys.fitting(Header("ES256", "p256"))) == 1


def test_short_keys_and_secrets_are_none() -> None:
    secret = {"kty": "oct", "k": "c2VjcmV0", "kid": "s", "alg": "HS256"}
    for useless in (issuer.jwk("short"), secret, "text", 7, None, [], {}):
        with pytest.raises(KeySetUnavailable, match="no key for signatures"):
            read_key_set(json.dumps({"keys": [useless]}).encode())


def test_of_a_private_key_the_public_part_counts() -> None:
    import jwt

    whole = jwt.get_algorithm_by_name("RS256").to_jwk(issuer.private_key("rsa"), as_dict=True)
    assert "d" in whole
    claims = claims_of(issuer.token("rsa"), {**whole, "kid": "rsa", "key_ops": ["verify"]})
    assert claims is not None


@pytest.mark.parametrize("document", [b"", b"[]", b"{}", b"7", b'{"keys": 7}', b'{"keys": null}', b"\xff", b"[" * 9999])
def test_what_is_no_key_set(document: bytes) -> None:
    with pytest.raises(KeySetUnavailable):
        read_key_set(document)


def test_nobody_signs_with_a_public_key_or_with_nothing() -> None:
    good = {"iss": issuer.ISSUER, "aud": "gateway", "sub": "admin", "exp": 2**40}
    pem = issuer.public_pem("rsa")
    modulus = issuer.jwk("rsa")["n"].encode()
    for algorithm in ("none", "None", "HS256", "hs256", "RS256", "ES256", ""):
        for secret in (None, pem, pem.strip(), modulus, b""):
            assert claims_of(issuer.forged({"alg": algorithm, "kid": "rsa"}, good, secret), "rsa") is None


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"alg": None},
        {"alg": 7},
        {"alg": ["RS256"]},
        {"alg": "RS256", "kid": 7},
        {"alg": "RS256", "crit": ["exp"]},
        {"alg": "RS256", "crit": []},
        {"alg": "RS256", "crit": None},
        {"alg": "RS256", "crit": ["b64"], "b64": False},
    ],
)
def test_headers_that_are_refused(header: dict[str, Any]) -> None:
    with pytest.raises(TokenRefused):
        read_header(issuer.forged(header, {}))


def test_content_that_is_no_claims() -> None:
    import jwt

    for payload in (b"[]", b"7", b"not json", b"[" * 9999):
        signed = jwt.PyJWS().encode(payload, issuer.private_key("rsa"), algorithm="RS256", headers={"kid": "rsa"})
        with pytest.raises(TokenRefused, match="holds no claims"):
            claims_of(signed, "rsa")


def test_a_token_of_any_length_is_none() -> None:
    deep = base64.urlsafe_b64encode(b"[" * 9000).decode().rstrip("=")
    for text, reason in (("a." + "b" * 20_000 + ".c", "is too long"), (f"{deep}.a.b", "is malformed")):
        with pytest.raises(TokenRefused, match=reason):
            read_header(text)


@given(st.text() | st.from_regex(r"[A-Za-z0-9_=-]*\.[A-Za-z0-9_=-]*\.[A-Za-z0-9_=-]*", fullmatch=True))
@settings(deadline=None)
def test_garbage_is_signed_by_nobody(text: str) -> None:
    with suppress(TokenRefused):
        assert claims_of(text, "rsa") is None


@given(st.binary())
@settings(deadline=None)
def test_a_signature_that_somebody_made_up_is_none(signature: bytes) -> None:
    head, body, _ = issuer.token("rsa").split(".")
    made_up = base64.urlsafe_b64encode(signature).decode().rstrip("=")
    assert claims_of(f"{head}.{body}.{made_up}", "rsa") is None


def test_the_extra_is_named_where_it_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(signatures, "import_module", missing)
    with pytest.raises(KeySetUnavailable, match=r"pip install 'tornado-gateway\[jwt\]'"):
        read_key_set(issuer.key_set("rsa"))
