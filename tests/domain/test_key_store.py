from datetime import timedelta

from tests.support import NOW
from tornado_gateway.domain.key_store import StoredKey
from tornado_gateway.domain.keys import GatewayKey, hash_of
from tornado_gateway.domain.principal import Principal
from tornado_gateway.domain.quotas import Limits

HOUR = timedelta(hours=1)


def key(**members: object) -> StoredKey:
    usual = {"id": "a", "sha256": hash_of("k"), "prefix": "sk-tgw-abcd", "created_at": NOW}
    return StoredKey(**{**usual, **members})  # type: ignore[arg-type]


def test_a_key_is_good_until_it_ends_one_way_or_the_other() -> None:
    assert key().good(NOW)
    assert key(expires=NOW + HOUR).good(NOW)
    assert not key(expires=NOW).good(NOW)
    assert not key(revoked_at=NOW - HOUR).good(NOW)


def test_what_the_gate_knows_of_it() -> None:
    made = key(owner="Ada", tags={"team": "a"}, models=("gpt-*",), limits=Limits(concurrent=1), expires=NOW)
    principal = Principal("a", {"team": "a"}, ("gpt-*",), Limits(concurrent=1))
    assert made.as_key() == GatewayKey(principal, hash_of("k"), "Ada", NOW, disabled=False)
    assert key(revoked_at=NOW).as_key().disabled


def test_no_hash_shows() -> None:
    assert hash_of("k") not in repr(key())
