"""Tokens of a real issuer's keys; the issuer itself is a script where it is slow or gone."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import issuer
from tests.providers.identity.test_key_sets import Source
from tests.support import NOW, FakeClock, Recorder, snapshot
from tornado_gateway.domain.access import Access
from tornado_gateway.domain.principal import Principal
from tornado_gateway.domain.snapshot import SnapshotHolder
from tornado_gateway.domain.tokens import TokenPolicy, TokenRefused
from tornado_gateway.providers.identity import verifier as module
from tornado_gateway.providers.identity.key_sets import KeySets
from tornado_gateway.providers.identity.verifier import JwtVerifier

POLICY = TokenPolicy(issuer.ISSUER, ("gateway",), "https://id.example/keys", ("RS256", "ES256"), leeway=30)
SOON = NOW.timestamp() + 600


class MovingClock(FakeClock):
    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.time - 1000)


class Run:
    def __init__(self, *keys: Any, remembered: int = 100) -> None:
        self.source = Source(issuer.key_set(*keys))
        self.clock = MovingClock()
        self.snapshots = SnapshotHolder(snapshot(access=Access(True, tokens=POLICY)))
        sets = KeySets(source=self.source, clock=self.clock, publisher=Recorder())
        self.verifier = JwtVerifier(snapshots=self.snapshots, keys=sets, clock=self.clock, remembered=remembered)

    async def verify(self, token: str, policy: TokenPolicy = POLICY) -> Principal:
        found = self.verifier.verify(token, policy)
        return found if isinstance(found, Principal) else await found

    def at_once(self, token: str, policy: TokenPolicy = POLICY) -> Principal:
        found = self.verifier.verify(token, policy)
        assert isinstance(found, Principal)
        return found

    async def refused(self, token: str, policy: TokenPolicy = POLICY) -> str:
        with pytest.raises(TokenRefused) as error:
            await self.verify(token, policy)
        return error.value.reason


def signed(name: str = "p256", **claims: Any) -> str:
    return issuer.token(name, "ES256" if name.startswith("p256") else "RS256", **{"exp": SOON, **claims})


async def test_the_first_token_waits_for_the_keys_and_the_next_does_not() -> None:
    run = Run("p256")
    assert await run.verify(signed()) == Principal("user-1")
    assert run.at_once(signed(sub="user-2")) == Principal("user-2")
    assert run.source.asked == [POLICY.keys_at]


async def test_a_signature_is_checked_once_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str] = []
    real = module.signed_claims
    monkeypatch.setattr(module, "signed_claims", lambda token, *rest: checked.append(token) or real(token, *rest))
    run, one = Run("p256", remembered=2), signed(sub="one")
    principals = {id(await run.verify(one)) for _ in range(20)}
    assert (len(checked), len(principals)) == (1, 1)
    await run.verify(signed(sub="two"))
    run.at_once(one)
    await run.verify(signed(sub="three"))  # "two" was not seen for the longest time
    assert len(checked) == 3
    run.at_once(one)
    assert len(checked) == 3
    await run.verify(signed(sub="two"))
    assert len(checked) == 4


async def test_what_is_remembered_ends_with_the_token_the_policy_and_the_keys() -> None:
    run, token = Run("p256"), signed()
    await run.verify(token)
    assert await run.refused(token, replace(POLICY, audience=("other",))) == "is for another audience"
    run.clock.time += 629
    run.at_once(token)
    run.clock.time += 1
    assert await run.refused(token) == "has expired"
    run.clock.time -= 600
    run.at_once(token)
    run.source.document = issuer.key_set("p256-2")
    renewed = run.verifier._keys.renewed(POLICY)
    assert renewed is not None
    await renewed
    assert await run.refused(token) == "was not signed by a key of the issuer's"


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        (lambda: signed(iss="https://evil.example"), "is of another issuer"),
        (lambda: signed(aud="other"), "is for another audience"),
        (lambda: signed(exp=NOW.timestamp() - 31), "has expired"),
        (lambda: signed(exp=None), "says not when it expires"),
        (lambda: signed(nbf=NOW.timestamp() + 31), "is not valid yet"),
        (lambda: signed(sub=None), "has no good claim 'sub'"),
        (lambda: issuer.token("ed", "EdDSA", exp=SOON), "is signed in a way that is not taken here"),
        (lambda: issuer.token("rsa", "RS512", exp=SOON), "is signed in a way that is not taken here"),
        (lambda: issuer.token("rsa", "RS256", {"kid": "p256"}, exp=SOON), "was not signed by a key of the issuer's"),
        (lambda: issuer.token("p256-2", "ES256", {"kid": "p256"}, exp=SOON), "was not signed by a key of the issuer's"),
        (lambda: "a.b.c", "is malformed"),
    ],
)
async def test_whom_it_refuses(token: Any, reason: str) -> None:
    assert await Run("p256", "rsa").refused(token()) == reason


@pytest.mark.parametrize("algorithm", ["none", "None", "HS256", "HS384", "HS512"])
async def test_nobody_signs_with_a_public_key_or_with_nothing(algorithm: str) -> None:
    claims = {"iss": issuer.ISSUER, "aud": "gateway", "sub": "admin", "exp": SOON}
    for secret in (None, issuer.public_pem("rsa")):
        forged = issuer.forged({"alg": algorithm, "kid": "rsa"}, claims, secret)
        assert await Run("rsa").refused(forged) == "is signed in a way that is not taken here"
        # And not even where somebody got such a name into the list.
        assert await Run("rsa").refused(forged, replace(POLICY, algorithms=(algorithm,))) != ""


async def test_a_rotated_key_is_fetched_when_it_is_first_met() -> None:
    run = Run("p256")
    await run.verify(signed())
    run.source.document = issuer.key_set("p256", "p256-2")
    run.clock.time += 30
    assert await run.verify(signed("p256-2", sub="new")) == Principal("new")
    assert run.at_once(signed(sub="old")) == Principal("old")
    assert len(run.source.asked) == 2


async def test_keys_that_nobody_knows_lead_to_one_look_in_a_while() -> None:
    run = Run("p256")
    await run.verify(signed())
    for number in range(10):
        stranger = issuer.token("p256-3", "ES256", {"kid": f"made-up-{number}"}, exp=SOON)
        assert await run.refused(stranger) == "was not signed by a key of the issuer's"
    assert len(run.source.asked) == 1
    run.clock.time += 30
    strangers = [
        run.refused(issuer.token("p256-3", "ES256", {"kid": f"made-up-{number}"}, exp=SOON)) for number in range(10)
    ]
    await asyncio.gather(*strangers)
    assert len(run.source.asked) == 2


async def test_an_issuer_that_is_away_leaves_the_known_keys_in_force() -> None:
    run = Run("p256")
    await run.verify(signed())
    run.source.document = None
    run.clock.time += 300
    run.verifier._keys.look(POLICY)
    assert run.at_once(signed(sub="still")) == Principal("still")
    fresh = Run("p256")
    fresh.source.document = None
    assert await fresh.refused(signed()) == "was not signed by a key of the issuer's"


async def test_several_keys_want_a_name_and_one_does_not() -> None:
    nameless = issuer.token("p256", "ES256", {"kid": None}, exp=SOON)
    assert await Run("p256").verify(nameless) == Principal("user-1")
    assert await Run("p256", "rsa").refused(nameless) == "names no key, or was not signed by the issuer's"


async def test_it_keeps_the_keys_current_from_start_to_close() -> None:
    class Ticking(MovingClock):
        async def sleep(self, seconds: float) -> None:
            self.time += seconds
            await asyncio.sleep(0)

    run = Run("p256")
    run.clock = Ticking()
    run.verifier._clock = run.verifier._keys._clock = run.clock
    run.verifier.start()
    deadline = asyncio.get_running_loop().time() + 3
    while len(run.source.asked) < 3:
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0)
    run.snapshots.swap(snapshot(access=Access()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    asked = len(run.source.asked)
    for _ in range(1000):
        await asyncio.sleep(0)
    assert len(run.source.asked) == asked
    await run.verifier.close()
    await Run("p256").verifier.close()


async def test_waiting_is_for_the_rare_case() -> None:
    run = Run("p256")
    waiting = run.verifier.verify(signed(), POLICY)
    assert isinstance(waiting, Awaitable)
    await waiting
    assert isinstance(run.verifier.verify(signed(), POLICY), Principal)


GARBAGE = st.text() | st.from_regex(r"[A-Za-z0-9_=-]{0,80}\.[A-Za-z0-9_=-]{0,80}\.[A-Za-z0-9_=-]{0,80}", fullmatch=True)


def test_whatever_is_shown_is_refused_unless_the_issuer_signed_it() -> None:
    run = Run("p256", "rsa")
    good = signed()
    asyncio.run(run.verify(good))
    parts = good.split(".")

    @given(st.tuples(*(st.just(part) | GARBAGE for part in parts)).map(".".join) | GARBAGE)
    @settings(deadline=None)
    def refused(text: str) -> None:
        try:
            run.at_once(text)
        except TokenRefused as refusal:
            assert refusal.reason
            return
        assert text == good

    refused()
