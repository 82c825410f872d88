from dataclasses import replace
from decimal import Decimal

from tornado_gateway.config.model_auth import AuthSettings
from tornado_gateway.domain.keys import GatewayKey, hash_of
from tornado_gateway.domain.principal import Principal
from tornado_gateway.domain.quotas import Budget, Limits
from tornado_gateway.domain.tokens import TokenPolicy

KEY = GatewayKey(Principal("a"), hash_of("k"))
TOKENS = TokenPolicy("https://id.example", ("gateway",), "keys.json", ("RS256",))


def test_undecided_is_who_knows_nobody_and_says_nothing_of_it() -> None:
    assert AuthSettings().undecided
    for decided in (
        AuthSettings(required=False),
        AuthSettings(required=True),
        AuthSettings(keys=(KEY,)),
        AuthSettings(store=True),
        AuthSettings(jwt=TOKENS),
    ):
        assert not decided.undecided


def test_no_hash_shows() -> None:
    assert hash_of("k") not in repr(AuthSettings(keys=(KEY,)))


def test_bounded_is_where_somebody_has_a_limit_or_a_budget() -> None:
    limited = GatewayKey(Principal("b", limits=Limits(concurrent=1)), hash_of("l"))
    paid = GatewayKey(Principal("c", budget=Budget(Decimal(1), "day")), hash_of("m"))
    bearer = replace(TOKENS, limits=Limits(concurrent=1))
    assert not AuthSettings(keys=(KEY,), jwt=TOKENS).bounded
    for bounded in (AuthSettings(keys=(KEY, limited)), AuthSettings(keys=(paid,)), AuthSettings(jwt=bearer)):
        assert bounded.bounded
