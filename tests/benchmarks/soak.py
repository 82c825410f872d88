"""A soak: full load with reloads every second, clients that hang up and clients that hardly read.

At the end nothing may be left behind: no call at the upstream, none in the gateway, no connection in its pool once that
has had its time, no file; memory must be flat after the warm-up, and every answer must carry the cost of the revision
that it names. Prints a line every few seconds and the verdict at the end; exit code 1 where something is left.
"""

import argparse
import asyncio
import json
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import IO

import psutil
from processes import Running, cores, end, fetch, gateway, helper
from settings import OUTPUT_PRICE, gateway_yaml, write_config
from soak_clients import Crowd, Record
from upstream import COMPLETION_TOKENS, PROMPT_TOKENS

_PRICES = [Decimal("0.03") + Decimal("0.0001") * step for step in range(40)]
_POOL_SECONDS = 45.0
"""In this time the gateway must have closed its idle upstream connections."""

_STEADY_MB_PER_MINUTE = 0.5


@dataclass(frozen=True, slots=True)
class Sample:
    """The gateway at one moment: ``at`` in seconds since the start, ``rss`` in bytes."""

    at: float
    rss: int
    files: int
    in_flight: float
    upstream_connections: int
    upstream_accepted: int
    upstream_calls: int
    answered: int


class LogWatch:
    """Picks the lines that tell of a lost task or a stack trace, and empties the file, which would grow for hours."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self.wrong: list[str] = []

    def look(self) -> None:
        """Reads what was logged since the last look."""
        self._file.seek(0)
        signs = ("Traceback", "never retrieved", "was destroyed", "never awaited")
        self.wrong += [line[:300] for line in self._file if any(sign in line for sign in signs)]
        self._file.truncate(0)


@dataclass(slots=True)
class Verdict:
    """What was checked, and what failed."""

    lines: list[str] = field(default_factory=list)
    fine: bool = True

    def check(self, fine: bool, text: str) -> None:
        self.fine = self.fine and fine
        self.lines.append(f"{'ok    ' if fine else 'FAILED'} {text}")


class Soak:
    """One run against ``running``, whose configuration is at ``config``."""

    def __init__(
        self, *, running: Running, upstream: Running, config: Path, log: LogWatch, seconds: float, clients: int
    ) -> None:
        self._running = running
        self._upstream = upstream
        self._config = config
        self._log = log
        self._seconds = seconds
        self._process = psutil.Process(running.process.pid)
        self._started = time.monotonic()
        self._record = Record()
        self._crowd = Crowd(running.port, size=clients, lazy=4, record=self._record)
        self._reloads = 0
        self._asked = 0
        self.samples: list[Sample] = []

    async def run(self) -> Verdict:
        """Load for the time given, then the checks."""
        before = await self._sample()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._crowd.call())
            for work in (self._reload(), self._watch()):
                group.create_task(work)
            await asyncio.sleep(self._seconds)
            self._crowd.leave()
        return await self._judge(before)

    @property
    def _over(self) -> bool:
        return time.monotonic() - self._started >= self._seconds

    async def _reload(self) -> None:
        while not self._over:
            await asyncio.sleep(1.0)
            text = gateway_yaml(self._upstream.port, _PRICES[self._reloads % len(_PRICES)])
            if self._reloads % 2:
                self._config.write_text(text)
            else:
                beside = self._config.with_suffix(".new")
                beside.write_text(text)
                beside.replace(self._config)
            self._reloads += 1

    async def _watch(self) -> None:
        while not self._over:
            await asyncio.sleep(5.0)
            sample = await self._sample()
            self.samples.append(sample)
            await asyncio.to_thread(self._log.look)
            _say(
                f"{sample.at:6.0f} s  RSS {sample.rss / 1e6:6.1f} MB  files {sample.files:4}  in flight"
                f" {sample.in_flight:4.0f}  upstream connections {sample.upstream_connections:4} calls"
                f" {sample.upstream_calls:4}  answered {sample.answered:8}  failed {self._record.failed}"
            )

    async def _sample(self) -> Sample:
        self._asked += 1
        stats = json.loads(await asyncio.to_thread(fetch, self._upstream.port, "/stats"))
        metrics = (await asyncio.to_thread(fetch, self._running.port, "/metrics")).decode()
        return Sample(
            at=time.monotonic() - self._started,
            rss=self._process.memory_info().rss,
            files=self._process.num_fds(),
            in_flight=metric(metrics, "gateway_in_flight"),
            upstream_connections=stats["connections"],
            upstream_accepted=stats["accepted"],
            upstream_calls=stats["calls"],
            answered=self._record.answered.total(),
        )

    async def _judge(self, before: Sample) -> Verdict:
        verdict = Verdict()
        record = self._record
        rejected = await self._rejected_reloads()
        resting = await self._rest(lambda it: it.upstream_calls == 0 and it.in_flight == 0, 5.0)
        verdict.check(record.failed == 0, f"failed answers: {record.failed} {record.failures[:3] or ''}")
        verdict.check(resting.upstream_calls == 0, f"upstream calls left after 5 s: {resting.upstream_calls}")
        verdict.check(resting.in_flight == 0, f"gateway_in_flight after 5 s: {resting.in_flight:.0f}")
        seen = len(record.costs)
        verdict.check(seen > 1, f"revisions seen in answers: {seen} of {self._reloads} reloads")
        # An edit in place may be read half-way: refused, and read again.
        verdict.check(rejected <= self._reloads // 20, f"reloads rejected: {rejected:.0f} of {self._reloads}")
        mixed = {revision: dict(costs) for revision, costs in record.costs.items() if len(costs) != 1}
        verdict.check(not mixed, f"revisions with more than one cost: {mixed or 'none'}")
        strange = {Decimal(cost) for costs in record.costs.values() for cost in costs} - _valid_costs()
        verdict.check(not strange, f"costs of no revision: {sorted(strange) or 'none'}")
        steady = [sample for sample in self.samples if sample.at >= self._seconds / 4]
        slope = slope_per_minute([(sample.at, sample.rss / 1e6) for sample in steady])
        flat = slope < _STEADY_MB_PER_MINUTE or self._seconds < 240
        highest = max((sample.rss for sample in self.samples), default=0) / 1e6
        verdict.check(flat, f"RSS: {slope:+.3f} MB a minute after the first quarter, highest {highest:.1f} MB")
        pooled = await self._rest(lambda it: it.upstream_connections == 0, _POOL_SECONDS)
        verdict.check(
            pooled.upstream_connections == 0, f"idle upstream connections left: {pooled.upstream_connections}"
        )
        # A client that hangs up costs its connection; a call that ends well must leave its one to the next.
        wanted = record.hung_up.total() + record.answered.total() // 20
        made = pooled.upstream_accepted - self._asked
        verdict.check(made <= wanted, f"upstream connections made: {made}, at most {wanted} were to be expected")
        verdict.check(pooled.files <= before.files + 2, f"open files: {before.files} before, {pooled.files} after")
        verdict.lines.append(f"       answered: {_counts(record.answered)}; hung up: {_counts(record.hung_up)}")
        return verdict

    async def _rejected_reloads(self) -> float:
        metrics = (await asyncio.to_thread(fetch, self._running.port, "/metrics")).decode()
        outcomes = re.findall(r'^gateway_config_reloads_total\{outcome="(\w+)"\} (\S+)', metrics, re.MULTILINE)
        return sum(float(count) for outcome, count in outcomes if outcome not in ("ok", "loaded", "success"))

    async def _rest(self, reached: Callable[[Sample], bool], patience: float) -> Sample:
        deadline = time.monotonic() + patience
        while True:
            sample = await self._sample()
            if reached(sample) or time.monotonic() >= deadline:
                return sample
            await asyncio.sleep(0.2)


def _counts(counter: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counter.items()))


def _valid_costs() -> set[Decimal]:
    return {(PROMPT_TOKENS * price + COMPLETION_TOKENS * OUTPUT_PRICE) / 1000 for price in _PRICES}


def metric(text: str, name: str) -> float:
    """The sum over all of ``name``'s series in Prometheus text."""
    values = re.findall(rf"^{name}(?:\{{[^}}]*\}})? (\S+)", text, re.MULTILINE)
    return sum(float(value) for value in values)


def slope_per_minute(points: Sequence[tuple[float, float]]) -> float:
    """The least-squares slope of ``points`` (seconds, value), a minute; 0 for fewer than two."""
    if len(points) < 2:
        return 0.0
    mean_at = sum(at for at, _ in points) / len(points)
    mean = sum(value for _, value in points) / len(points)
    spread = sum((at - mean_at) ** 2 for at, _ in points)
    return 60 * sum((at - mean_at) * (value - mean) for at, value in points) / spread if spread else 0.0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--clients", type=int, default=32)
    options = parser.parse_args()
    where = cores()
    with (
        tempfile.TemporaryDirectory() as folder,
        (Path(folder) / "log").open("a+") as log,
        helper("upstream.py", "--pause=0.005", "--think=0.005", "--late-end", core=where.rest) as upstream,
    ):
        config = write_config(Path(folder), upstream.port)
        watch = LogWatch(log)
        with gateway(config, core=where.server, log=log) as running:
            soak = Soak(
                running=running,
                upstream=upstream,
                config=config,
                log=watch,
                seconds=options.minutes * 60,
                clients=options.clients,
            )
            verdict = asyncio.run(soak.run())
            asked = time.monotonic()
            code = end(running.process, patience=30)
            took = time.monotonic() - asked
            verdict.check(code == 0 and took < 3, f"drained in {took:.1f} s with exit code {code}")
        watch.look()
        verdict.check(
            not watch.wrong, f"log lines of lost tasks or stack traces: {len(watch.wrong)} {watch.wrong[:3] or ''}"
        )
    _say("\n".join(verdict.lines))
    return 0 if verdict.fine else 1


if __name__ == "__main__":
    sys.exit(main())
