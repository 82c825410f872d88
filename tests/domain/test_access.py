from tornado_gateway.domain.access import Access
from tornado_gateway.domain.keys import GatewayKey, KeyRing, hash_of
from tornado_gateway.domain.principal import Principal
from tornado_gateway.domain.tokens import TokenPolicy

TOKENS = TokenPolicy("https://id.example", ("gateway",), "keys.json", ("RS256",))


def test_the_ways_to_be_known() -> None:
    assert not Access().knows_somebody
    assert not Access(required=True).knows_somebody
    assert Access(keys=KeyRing([GatewayKey(Principal("a"), hash_of("k"))])).knows_somebody
    assert Access(stored=True).knows_somebody
    assert Access(tokens=TOKENS).knows_somebody
