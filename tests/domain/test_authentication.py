"""Whom the authenticator knows, and whom it turns away."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.support import NOW, World, world
from tornado_gateway.domain.access import Access
from tornado_gateway.domain.authentication import Authenticator
from tornado_gateway.domain.errors import InvalidApiKey
from tornado_gateway.domain.events import CredentialRefused
from tornado_gateway.domain.keys import GatewayKey, KeyRing, hash_of
from tornado_gateway.domain.principal import Principal
from tornado_gateway.domain.tokens import TokenPolicy, TokenRefused

TEAM = Principal("team-a", tags={"team": "a"})
BEARER = Principal("user-1")
TOKENS = TokenPolicy("https://id.example", ("gateway",), "keys.json", ("RS256",))


def key(secret: str, **members: Any) -> GatewayKey:
    return GatewayKey(members.pop("principal", TEAM), hash_of(secret), **members)


RING = KeyRing(
    [
        key("sk-good"),
        key("sk-off", principal=Principal("off"), disabled=True),
        key("sk-old", principal=Principal("old"), expires=NOW),
        key("sk-young", principal=Principal("young"), expires=NOW + timedelta(seconds=1)),
    ]
)


class Scripted:
    """A verifier that answers what it is told to, at once or later."""

    def __init__(self, *, later: bool = False) -> None:
        self.later = later

    def verify(self, token: str, policy: TokenPolicy) -> Principal | Awaitable[Principal]:
        return self._awaited(token) if self.later else self._answer(token)

    async def _awaited(self, token: str) -> Principal:
        return self._answer(token)

    @staticmethod
    def _answer(token: str) -> Principal:
        if token != "good.to.ken":
            raise TokenRefused("has expired")
        return BEARER


def made(access: Access, verifier: Any = None, stored: Callable[[], KeyRing] = KeyRing) -> tuple[Authenticator, World]:
    around = world(access=access)
    authenticator = Authenticator(
        snapshots=around.snapshots,
        clock=around.clock,
        publisher=around.recorder,
        verifier=verifier or Scripted(),
        stored=stored,
    )
    return authenticator, around


def refused(authenticator: Authenticator, around: World, credential: str | None) -> CredentialRefused:
    with pytest.raises(InvalidApiKey) as error:
        authenticator.authenticate(credential, "req_1")
    assert error.value.status == 401
    assert not credential or credential not in error.value.message
    (event,) = around.recorder.of(CredentialRefused)
    around.recorder.events.clear()
    assert event.request_id == "req_1"
    return event  # type: ignore[no-any-return]


def test_who_is_known_is_its_principal() -> None:
    for required in (True, False, None):
        authenticator, around = made(Access(required, RING))
        assert authenticator.authenticate("sk-good", "req_1") is TEAM
        assert authenticator.authenticate("sk-young", "req_1") == Principal("young")
        assert around.recorder.events == []


@pytest.mark.parametrize(
    ("credential", "reason", "whose"),
    [
        (None, "missing", None),
        ("sk-nobody", "unknown", None),
        ("", "unknown", None),
        ("sk-off", "disabled", "off"),
        ("sk-old", "expired", "old"),
        ("bad.to.ken", "unknown", None),
    ],
)
def test_everybody_else_is_turned_away_where_that_is_required(
    credential: str | None, reason: str, whose: str | None
) -> None:
    event = refused(*made(Access(True, RING)), credential)
    assert (event.reason, event.principal, event.detail) == (reason, whose, None)


@pytest.mark.parametrize("credential", [None, "sk-nobody", "unused", "sk-off", "sk-old", "bad.to.ken"])
def test_and_is_anybody_where_it_is_not(credential: str | None) -> None:
    authenticator, around = made(Access(False, RING, tokens=TOKENS))
    assert authenticator.authenticate(credential, "req_1") is None
    assert around.recorder.events == []


def test_a_place_may_demand_what_the_file_does_not() -> None:
    authenticator, _ = made(Access(False, RING))
    with pytest.raises(InvalidApiKey):
        authenticator.authenticate(None, "req_1", demanded=True)
    assert authenticator.authenticate("sk-good", "req_1", demanded=True) is TEAM


def test_where_nothing_is_said_the_address_decides() -> None:
    authenticator, around = made(Access(None, RING))
    assert authenticator.authenticate(None, "req_1") is None
    authenticator.exposed = True
    assert refused(authenticator, around, None).reason == "missing"
    for required, strict in ((True, True), (False, False)):
        authenticator, around = made(Access(required))
        authenticator.exposed = not required
        if strict:
            assert refused(authenticator, around, "any").reason == "unknown"
        else:
            assert authenticator.authenticate("any", "req_1") is None


def test_there_is_nothing_to_look_for_where_nobody_is_known_and_everybody_gets_in() -> None:
    assert made(Access())[0].idle
    assert made(Access(False))[0].idle
    for access in (Access(True), Access(False, RING), Access(stored=True), Access(tokens=TOKENS)):
        assert not made(access)[0].idle
    authenticator, _ = made(Access())
    authenticator.exposed = True
    assert not authenticator.idle


def test_keys_of_the_store_count_where_the_file_says_so() -> None:
    stored = KeyRing([key("sk-stored", principal=Principal("stored"))])
    authenticator, _ = made(Access(True, RING, stored=True), stored=lambda: stored)
    assert authenticator.authenticate("sk-stored", "req_1") == Principal("stored")
    assert authenticator.authenticate("sk-good", "req_1") is TEAM
    assert refused(*made(Access(True, RING), stored=lambda: stored), "sk-stored").reason == "unknown"


async def test_tokens_go_to_the_verifier_and_keys_do_not() -> None:
    for later in (False, True):
        authenticator, around = made(Access(True, RING, tokens=TOKENS), Scripted(later=later))
        found = authenticator.authenticate("good.to.ken", "req_1")
        if later:
            assert isinstance(found, Awaitable)
            found = await found
        assert found is BEARER
        with pytest.raises(InvalidApiKey, match=r"The token has expired\."):
            bad = authenticator.authenticate("bad.to.ken", "req_1")
            assert isinstance(bad, Awaitable)
            await bad
        (event,) = around.recorder.of(CredentialRefused)
        assert (event.reason, event.detail) == ("token", "has expired")
        assert authenticator.authenticate("sk-good", "req_1") is TEAM


async def test_a_bad_token_is_anybody_too() -> None:
    authenticator, around = made(Access(False, tokens=TOKENS), Scripted(later=True))
    found = authenticator.authenticate("bad.to.ken", "req_1")
    assert isinstance(found, Awaitable)
    assert await found is None
    assert around.recorder.events == []
