from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from tornado_gateway.config.diff_auth import auth_differences
from tornado_gateway.config.model_auth import AuthSettings
from tornado_gateway.domain.keys import GatewayKey, hash_of
from tornado_gateway.domain.principal import Principal
from tornado_gateway.domain.quotas import Budget, Limits
from tornado_gateway.domain.tokens import TokenPolicy

A, B, C = (GatewayKey(Principal(name), hash_of(name)) for name in "abc")
TOKENS = TokenPolicy("https://id.example", ("gateway",), "keys.json", ("RS256",))


def changes(old: AuthSettings, new: AuthSettings) -> list[str]:
    return list(auth_differences(old, new))


def test_keys_that_came_and_went() -> None:
    assert changes(AuthSettings(keys=(A, B)), AuthSettings(keys=(B, A))) == []
    assert changes(AuthSettings(keys=(A, B)), AuthSettings(keys=(B, C))) == ["key a removed", "key c added"]


def test_a_key_that_changed() -> None:
    principal = Principal(
        "a", {"team": "x"}, ("gpt-*", "o1"), Limits(requests_per_minute=5), Budget(Decimal("2.5"), "day")
    )
    ends = datetime(2027, 1, 1, tzinfo=UTC)
    changed = GatewayKey(principal, hash_of("other"), "Ada", ends, disabled=True)
    assert changes(AuthSettings(keys=(A,)), AuthSettings(keys=(changed,))) == [
        "key a: sha256 changed, owner none -> Ada, expires none -> 2027-01-01 00:00 UTC, disabled false -> true, "
        "models all -> gpt-*,o1, tags none -> team=x, limits none -> requests_per_minute 5, "
        "budget none -> 2.5/day UTC"
    ]
    allowed = replace(A, principal=Principal("a", models=()))
    assert changes(AuthSettings(keys=(A,)), AuthSettings(keys=(allowed,))) == ["key a: models all -> none"]


def test_no_hash_is_told() -> None:
    (line,) = changes(AuthSettings(keys=(A,)), AuthSettings(keys=(replace(A, sha256=hash_of("new")),)))
    assert line == "key a: sha256 changed"


def test_the_section_itself() -> None:
    new = AuthSettings(required=True, store=True, jwt=TOKENS, metrics=True)
    assert changes(AuthSettings(), new) == [
        "auth.required: auto -> true",
        "auth.store: false -> true",
        "auth.metrics: false -> true",
        "auth.jwt added",
    ]
    assert changes(new, replace(new, jwt=replace(TOKENS, issuer="x"))) == ["auth.jwt changed"]
    assert changes(new, replace(new, jwt=None, required=False)) == ["auth.required: true -> false", "auth.jwt removed"]
