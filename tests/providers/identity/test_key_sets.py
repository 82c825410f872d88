import asyncio
from dataclasses import replace

from tests import issuer
from tests.support import FakeClock, Recorder
from tornado_gateway.domain.events import KeysFetched
from tornado_gateway.domain.tokens import KeySetUnavailable, TokenPolicy
from tornado_gateway.providers.identity.key_sets import KeySets

POLICY = TokenPolicy(
    "https://id.example", ("gateway",), "https://id.example/keys", ("ES256",), refresh=300, cooldown=30
)


class Source:
    """Gives ``document``, or fails where there is none; ``gate`` holds answers back."""

    def __init__(self, document: bytes | None) -> None:
        self.document = document
        self.asked: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def fetch(self, where: str) -> bytes:
        self.asked.append(where)
        await self.gate.wait()
        if self.document is None:
            raise KeySetUnavailable("the issuer can't be reached")
        return self.document


class Run:
    def __init__(self, document: bytes | None) -> None:
        self.source = Source(document)
        self.clock, self.recorder = FakeClock(), Recorder()
        self.keys = KeySets(source=self.source, clock=self.clock, publisher=self.recorder)

    async def look(self, policy: TokenPolicy = POLICY) -> list[str | None]:
        """The key ids in force after a look."""
        self.keys.look(policy)
        await settled()
        known = self.keys.known(policy)
        return [] if known is None else [key.kid for key in known.keys]


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_the_set_is_fetched_when_it_is_time_to() -> None:
    run = Run(issuer.key_set("p256"))
    assert run.keys.known(POLICY) is None
    assert await run.look() == ["p256"]
    run.source.document = issuer.key_set("p256-2")
    run.clock.time += 299
    assert await run.look() == ["p256"]
    run.clock.time += 1
    assert await run.look() == ["p256-2"]
    assert run.source.asked == [POLICY.keys_at] * 2
    assert run.recorder.of(KeysFetched) == [KeysFetched("issuer", 1), KeysFetched("issuer", 1)]


async def test_a_set_that_stayed_the_same_is_the_same() -> None:
    run = Run(issuer.key_set("p256"))
    await run.look()
    before = run.keys.known(POLICY)
    run.clock.time += 300
    await run.look()
    assert run.keys.known(POLICY) is before
    assert len(run.source.asked) == 2


async def test_the_last_set_stays_in_force_where_none_can_be_had() -> None:
    run = Run(issuer.key_set("p256"))
    await run.look()
    for document in (None, b"garbage", b'{"keys": []}'):
        run.source.document = document
        run.clock.time += 300
        assert await run.look() == ["p256"]
    problems = [event.problem for event in run.recorder.of(KeysFetched)]
    assert problems == [
        None,
        "the issuer can't be reached",
        "what came is no JSON Web Key Set",
        "there is no key for signatures in the set",
    ]


async def test_a_first_set_is_asked_for_again_sooner() -> None:
    run = Run(None)
    assert await run.look() == []
    run.source.document = issuer.key_set("p256")
    run.clock.time += 29
    assert await run.look() == []
    run.clock.time += 1
    assert await run.look() == ["p256"]


async def test_whoever_comes_while_somebody_asks_waits_for_the_same_answer() -> None:
    run = Run(issuer.key_set("p256"))
    run.source.gate.clear()
    waiting = [run.keys.renewed(POLICY) for _ in range(50)]
    tasks = [asyncio.ensure_future(each) for each in waiting if each is not None]
    assert len(tasks) == 50
    await settled()
    assert not any(task.done() for task in tasks)
    tasks[0].cancel()  # one that leaves takes nothing from the others
    await settled()
    run.source.gate.set()
    await asyncio.gather(*tasks[1:])
    assert run.keys.known(POLICY) is not None
    assert len(run.source.asked) == 1


async def test_unknown_keys_lead_to_one_look_in_a_while() -> None:
    run = Run(issuer.key_set("p256"))
    await run.look()
    for _ in range(10):
        assert run.keys.renewed(POLICY) is None
    run.clock.time += 30
    renewed = run.keys.renewed(POLICY)
    assert renewed is not None
    await renewed
    assert run.keys.renewed(POLICY) is None
    assert len(run.source.asked) == 2


async def test_another_place_is_another_set() -> None:
    run = Run(issuer.key_set("p256"))
    await run.look()
    other = replace(POLICY, keys_at="https://other.example/keys")
    assert run.keys.known(other) is None
    assert await run.look(other) == ["p256"]
    assert await run.look(replace(other, audience=("x",))) == ["p256"]
    assert run.source.asked == [POLICY.keys_at, other.keys_at]


async def test_a_place_that_is_left_while_it_is_asked_has_no_say() -> None:
    run = Run(issuer.key_set("p256"))
    run.source.gate.clear()
    waiting = run.keys.renewed(POLICY)
    assert waiting is not None
    task = asyncio.ensure_future(waiting)
    await settled()
    other = replace(POLICY, keys_at="https://other.example/keys")
    assert run.keys.known(other) is None
    await asyncio.wait_for(task, 1)
    assert run.keys.known(other) is None
    await run.keys.close()


async def test_it_ends_what_is_under_way() -> None:
    run = Run(None)
    await run.keys.close()
    run.source.gate.clear()
    run.keys.look(POLICY)
    await settled()
    await run.keys.close()
    assert run.recorder.events == []
