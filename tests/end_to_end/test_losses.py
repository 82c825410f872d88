"""Whatever a gateway leans on is killed in turn while it is called: a worker, Redis, the database."""

import asyncio
import os
import re
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

import httpx
import psutil
import psycopg

from tests.databases import Postgres
from tests.redis_server import RedisServer, running

from .conftest import CONFIG, Gateway

BODY = {"model": "echo4", "messages": [{"role": "user", "content": "Hello"}]}
INTERVAL = 0.2
SLACK = 1.5
"""What a busy machine may add to the flush interval: two workers and a database that has just come back are on it.
How exactly the interval is kept is for the test of fifty kills."""


class Callers:
    """Eight at once; each notes when an answer came, and with which status. What broke off had none."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._stopped = False
        self.answered: dict[str, float] = {}
        self.statuses: Counter[int] = Counter()
        self.broken = 0

    async def run(self) -> None:
        async with httpx.AsyncClient(base_url=self._url, timeout=20) as client:
            await asyncio.gather(*(self._call(client, number) for number in range(8)))

    def stop(self) -> None:
        self._stopped = True

    async def _call(self, client: httpx.AsyncClient, number: int) -> None:
        for turn in range(100_000):
            if self._stopped:
                return
            identity = f"r-{number}-{turn}"
            try:
                answer = await client.post("/v1/chat/completions", json=BODY, headers={"X-Request-ID": identity})
            except httpx.TransportError:
                self.broken += 1
                continue
            self.statuses[answer.status_code] += 1
            self.answered[identity] = time.monotonic()
            await asyncio.sleep(0.01)


def workers(gateway: Gateway) -> list[int]:
    found = []
    for process in psutil.Process(gateway.process.pid).children():
        with suppress(psutil.Error):
            if re.search(r'"number":\d', " ".join(process.cmdline())) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
    return found


def config(database: str, redis: RedisServer) -> str:
    return (
        CONFIG.replace("port: 0", "port: 0, workers: 2")
        + f'ledger: {{url: "{database}", flush_interval: {INTERVAL}}}\n'
        + f"state: {{url: '{redis.url}', fail: local}}\nlimits: {{requests_per_minute: 1000000}}\n"
    )


async def test_no_record_is_lost_and_no_call_refused(start: Callable[..., Gateway], postgres: Postgres) -> None:
    database = postgres.database()
    with running() as redis:
        gateway = start(config(database, redis))
        callers = Callers(gateway.url)
        calling = asyncio.ensure_future(callers.run())
        killed = await asyncio.to_thread(_each_in_turn, gateway, callers, postgres, redis)
        callers.stop()
        await calling
        gateway.process.send_signal(signal.SIGTERM)
        await asyncio.to_thread(gateway.process.wait, 20)
    assert set(callers.statuses) == {200}
    assert callers.broken <= 8, "more than the killed worker's own"
    with psycopg.connect(database) as connection:
        found = Counter(identity for (identity,) in connection.execute("SELECT request_id FROM gateway_ledger"))
    assert max(found.values()) == 1
    lost = [at for identity, at in callers.answered.items() if identity not in found]
    assert all(killed - INTERVAL - SLACK <= at <= killed + SLACK for at in lost), [killed - at for at in lost]


def _each_in_turn(gateway: Gateway, callers: Callers, postgres: Postgres, redis: RedisServer) -> float:
    """When the worker was killed."""

    def go_on() -> None:
        goal = len(callers.answered) + 50
        gateway.wait_until(lambda: len(callers.answered) > goal, 30)

    go_on()
    redis.stop()
    go_on()
    redis.start()
    postgres.stop()
    try:
        go_on()
    finally:
        postgres.start()
    go_on()
    victim = workers(gateway)[0]
    os.kill(victim, signal.SIGKILL)
    killed = time.monotonic()
    go_on()
    gateway.wait_until(lambda: len(workers(gateway)) == 2 and victim not in workers(gateway), 30)
    go_on()
    return killed
