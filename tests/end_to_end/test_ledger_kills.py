"""Gateways killed in the middle of their work, fifty of them: what was answered is in the ledger, and once."""

import asyncio
import random
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from .nursery import Child, Nursery

KILLS = 50
AT_ONCE = 8
INTERVAL = 0.2
"""Seconds, ``ledger.flush_interval``."""
SLACK = 0.4
"""Seconds that a busy machine may let a thread or a disk wait beyond it."""
BODY = {"model": "echo4", "messages": [{"role": "user", "content": "Hello"}]}
CONFIG = """\
version: 1
server: {{host: 127.0.0.1}}
ledger: {{url: "sqlite:///{folder}/usage.db", flush_interval: {interval}}}
providers: {{echo: {{kind: echo}}}}
routes: {{echo4: {{provider: echo}}}}
pricing: {{unit: per_1k_tokens, currency: USD, models: {{echo/echo4: {{input: 0.03, output: 0.06}}}}}}
"""


@dataclass
class Life:
    """One gateway's: what it answered and when, on the clock that tells when it was killed."""

    child: Child
    answered: dict[str, float] = field(default_factory=dict)
    killed: float = 0.0


@pytest.fixture
def nursery(tmp_path: Path) -> Iterator[Nursery]:
    made = Nursery(tmp_path)
    yield made
    made.close()


async def lived(life: Life, seconds: float) -> None:
    """Asks one call after the other, until the gateway is killed."""
    name = life.child.log.stem

    async def ask(client: httpx.AsyncClient) -> None:
        number = 0
        while True:
            number += 1
            identity = f"{name}-{number}"
            answer = await client.post("/v1/chat/completions", json=BODY, headers={"X-Request-ID": identity})
            assert answer.status_code == 200, answer.text
            life.answered[identity] = time.monotonic()
            await asyncio.sleep(0.01)

    async with httpx.AsyncClient(base_url=life.child.url, trust_env=False, verify=False) as client:
        asking = asyncio.ensure_future(ask(client))
        await asyncio.sleep(seconds)
        assert not asking.done(), asking
        life.killed = time.monotonic()
        life.child.kill()
        asking.cancel()
        with suppress(asyncio.CancelledError, httpx.HTTPError):
            await asking


async def locked_now_and_then(file: Path) -> None:
    """A second in which nobody can write to the ledger, a second in which everybody can, and so on."""
    with closing(sqlite3.connect(file, isolation_level=None, timeout=30, check_same_thread=False)) as other:
        while True:
            await asyncio.to_thread(other.execute, "BEGIN EXCLUSIVE")
            try:
                await asyncio.sleep(1)
            finally:
                other.execute("ROLLBACK")
            await asyncio.sleep(1)


async def test_fifty_kills_lose_nothing_older_than_the_interval_and_double_nothing(
    nursery: Nursery, tmp_path: Path
) -> None:
    config = tmp_path / "gateway.yaml"
    config.write_text(CONFIG.format(folder=tmp_path, interval=INTERVAL))
    dice = random.Random(5)
    places = asyncio.Semaphore(AT_ONCE)

    async def life() -> Life:
        async with places:
            made = Life(nursery.start(config))
            await asyncio.to_thread(made.child.wait_until_it_listens)
            await lived(made, INTERVAL + SLACK + dice.uniform(0.2, 0.6))
            return made

    locking = asyncio.ensure_future(locked_now_and_then(tmp_path / "usage.db"))
    lives = await asyncio.gather(*(life() for _ in range(KILLS)))
    locking.cancel()
    with suppress(asyncio.CancelledError):
        await locking

    for one in lives:
        await asyncio.to_thread(one.child.wait_until_it_is_gone)
    last = nursery.start(config)
    await asyncio.to_thread(last.wait_until_it_listens)
    deadline = time.monotonic() + 10
    while list(tmp_path.glob("*.unwritten.jsonl")):
        assert time.monotonic() < deadline, last.log.read_text()
        await asyncio.sleep(0.02)
    await asyncio.to_thread(last.end)

    with closing(sqlite3.connect(tmp_path / "usage.db")) as ledger:
        rows = Counter(identity for (identity,) in ledger.execute("SELECT request_id FROM gateway_ledger"))
    assert not [identity for identity, count in rows.items() if count > 1], "a row is there once"
    owed = [identity for one in lives for identity, at in one.answered.items() if at < one.killed - INTERVAL - SLACK]
    assert len(owed) >= KILLS // 2
    assert [identity for identity in owed if identity not in rows] == []
    logs = "".join(one.child.log.read_text() for one in lives)
    assert "journals of other processes are taken over" in logs
    assert "Traceback" not in logs
