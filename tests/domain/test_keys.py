import re
from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from tornado_gateway.domain.keys import BEGIN, GatewayKey, KeyRing, hash_of, new_secret, shown
from tornado_gateway.domain.principal import Principal


def key(secret: str, name: str = "team-a") -> GatewayKey:
    return GatewayKey(Principal(name), hash_of(secret))


def test_a_new_key_is_random_and_fit_for_a_header() -> None:
    made = {new_secret() for _ in range(100)}
    assert len(made) == 100
    assert all(re.fullmatch(r"sk-tgw-[A-Za-z0-9_-]{43}", secret) for secret in made)


def test_a_list_shows_the_beginning_of_a_key() -> None:
    secret = new_secret()
    assert shown(secret) == secret[:11]
    assert shown(secret).startswith(BEGIN)


def test_what_stands_for_a_key_is_its_sha256() -> None:
    assert hash_of("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_each_key_is_found_and_nothing_else() -> None:
    secrets = [new_secret() for _ in range(50)]
    ring = KeyRing(key(secret, f"key-{number}") for number, secret in enumerate(secrets))
    assert len(ring) == len(list(ring)) == 50
    for number, secret in enumerate(secrets):
        found = ring.find(secret)
        assert found is not None
        assert found.id == f"key-{number}"
        for near in (secret[:-1], secret + "A", secret.upper(), secret[::-1], hash_of(secret), ""):
            assert ring.find(near) is None
    assert KeyRing().find(secrets[0]) is None


def test_the_case_of_the_hash_does_not_matter() -> None:
    ring = KeyRing([GatewayKey(Principal("a"), sha256(b"k").hexdigest().upper())])
    assert ring.find("k") is not None


def test_neither_key_nor_hash_shows() -> None:
    secret = new_secret()
    assert hash_of(secret) not in repr(key(secret))


RING = KeyRing([key("sk-tgw-planted")])


@given(st.text(st.characters()))
def test_no_other_text_is_a_key(guess: str) -> None:
    assert (RING.find(guess) is not None) == (guess == "sk-tgw-planted")
