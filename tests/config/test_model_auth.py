from tornado_gateway.config.model_auth import AuthSettings
from tornado_gateway.domain.keys import GatewayKey, hash_of
from tornado_gateway.domain.principal import Principal
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
