"""``make bench``, its part on OpenTelemetry: what a call costs with it beside one without it, in one process.

Two processes of the same configuration differ by 5 % in the same minute, by where their memory happens to lie. So one
gateway is called without a pause and switched on, off, off and on again (or the other way about), half a second each:
such a block has a ratio of its own, and what the machine does meanwhile falls on both halves of it alike. Judged is the
median over the blocks of several starts.

The ledger is kept, and all answers are whole: with a stream, the share would be smaller.
"""

import argparse
import asyncio
import ctypes
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median, quantiles

import msgspec
from calls import FORMS
from load import Tally, calling
from processes import HERE, Cores, Running, cores, gateway, helper
from settings import write_config

WANTED = 0.97
"""Of the answers a second without it."""

_SETTLE = 0.05
"""Seconds after a switch that are not counted: calls under way belong to both halves."""
_BLOCKS = ((True, False, False, True), (False, True, True, False))


class Slice(msgspec.Struct, frozen=True):
    """What was seen between two switches; ``cpu`` is the gateway's, in seconds."""

    on: bool
    requests: int
    seconds: float
    cpu: float


class Block(msgspec.Struct, frozen=True):
    """Ratios of the halves that were on to those that were off."""

    answers: float
    cpu: float


class Summary(msgspec.Struct, frozen=True):
    """Medians over the blocks, each with its standard error."""

    blocks: int
    answers: float
    answers_error: float
    cpu: float
    cpu_error: float
    off_cpu: float
    """Seconds of CPU an answer where it was off."""
    errors: int

    @property
    def missed(self) -> bool:
        return self.errors > 0 or self.answers < WANTED


def block(slices: Sequence[Slice]) -> Block:
    """The slices of one block. Raises ``ZeroDivisionError`` where one half of it has no answer."""

    def of(on: bool) -> tuple[int, float, float]:
        half = [each for each in slices if each.on is on]
        return sum(it.requests for it in half), sum(it.seconds for it in half), sum(it.cpu for it in half)

    (requests_on, seconds_on, cpu_on), (requests_off, seconds_off, cpu_off) = of(True), of(False)
    return Block(
        answers=(requests_on / seconds_on) / (requests_off / seconds_off),
        cpu=(cpu_on / requests_on) / (cpu_off / requests_off),
    )


def summary(blocks: Sequence[Sequence[Slice]], errors: int) -> Summary:
    """Of at least two blocks."""
    ratios = [block(slices) for slices in blocks]
    off = [each for slices in blocks for each in slices if not each.on]
    answers, cpu = [one.answers for one in ratios], [one.cpu for one in ratios]
    return Summary(
        blocks=len(ratios),
        answers=median(answers),
        answers_error=_error(answers),
        cpu=median(cpu),
        cpu_error=_error(cpu),
        off_cpu=sum(each.cpu for each in off) / sum(each.requests for each in off),
        errors=errors,
    )


def _error(values: Sequence[float]) -> float:
    """The standard error of their median, by the range of their middle half: single bad blocks don't count."""
    low, _, high = quantiles(values, n=4, method="inclusive")
    return 0.93 * (high - low) / len(values) ** 0.5


def shown(found: Summary) -> str:
    """The figures as text."""
    return "\n".join(
        (
            f"{'MISSED' if found.missed else 'ok    '} {found.answers:10.4g}  answers/s with OpenTelemetry of those "
            f"without it: at least {WANTED} (standard error {found.answers_error:.2g})",
            f"       {found.cpu:10.4g}  CPU of an answer, of that without it (standard error {found.cpu_error:.2g}), "
            f"which is {found.off_cpu * 1e6:,.0f} us",
            f"{'MISSED' if found.errors else 'ok    '} {found.errors:10}  errors: none",
        )
    )


async def measure(
    running: Running, *, connections: int, warmup: float, seconds: float, blocks: int
) -> tuple[list[list[Slice]], int]:
    """Calls ``running``, which is on at the start, and switches it; the blocks, and how many calls failed."""
    tally = Tally()
    tally.counting = True
    on = True
    measured: list[list[Slice]] = []
    async with calling(running.port, form=FORMS["chat"], stream=False, connections=connections, tally=tally):
        await asyncio.sleep(warmup)
        for number in range(blocks):
            slices: list[Slice] = []
            for wanted in _BLOCKS[number % 2]:
                if wanted is not on:
                    running.process.send_signal(signal.SIGUSR1)
                    on = wanted
                await asyncio.sleep(_SETTLE)
                slices.append(await _slice(running.process.pid, tally, seconds, on=on))
            measured.append(slices)
        errors = tally.errors
    return measured, errors


async def _slice(pid: int, tally: Tally, seconds: float, *, on: bool) -> Slice:
    requests, cpu, started = len(tally.times), cpu_seconds(pid), time.perf_counter()
    await asyncio.sleep(seconds)
    took = time.perf_counter() - started
    return Slice(on, len(tally.times) - requests, took, cpu_seconds(pid) - cpu)


def cpu_seconds(pid: int) -> float:
    """What the process has taken so far, to the nanosecond; what else tells it counts in hundredths of a second."""
    clock = ctypes.c_int()
    if ctypes.CDLL(None).clock_getcpuclockid(pid, ctypes.byref(clock)):
        raise ProcessLookupError(pid)
    return time.clock_gettime(clock.value)


@contextmanager
def _servers(folder: Path, where: Cores) -> Iterator[Running]:
    with ExitStack() as stack:
        upstream = stack.enter_context(helper("upstream.py", core=where.rest))
        receiver = stack.enter_context(helper("constant.py", core=where.rest))
        config = write_config(folder, upstream.port, ledger=True, receiver_port=receiver.port)
        yield stack.enter_context(gateway(config, core=where.server, script=HERE / "switched_gateway.py"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--starts", type=int, default=4, help="of the gateway")
    parser.add_argument("--blocks", type=int, default=15, help="of each start")
    parser.add_argument("--seconds", type=float, default=0.5, help="of one quarter of a block")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--quick", action="store_true", help="one start of three short blocks")
    parser.add_argument("--json", type=Path, help="write every slice and the summary there")
    parser.add_argument("--check", action="store_true", help="exit 1 where what is wanted was missed")
    given = parser.parse_args()
    starts, blocks, seconds, warmup = given.starts, given.blocks, given.seconds, 3.0
    if given.quick:
        starts, blocks, seconds, warmup = 1, 3, 0.2, 0.5
    measured: list[list[Slice]] = []
    errors = 0
    where = cores()  # once: from here on this process has one of them
    if where.rest is not None:
        os.sched_setaffinity(0, {where.rest})
    for number in range(starts):
        sys.stderr.write(f"start {number + 1} of {starts}\n")
        with tempfile.TemporaryDirectory() as folder, _servers(Path(folder), where) as running:
            found, failed = asyncio.run(
                measure(running, connections=given.connections, warmup=warmup, seconds=seconds, blocks=blocks)
            )
        measured += found
        errors += failed
    told = summary(measured, errors)
    sys.stdout.write(f"\n{starts} starts, {blocks} blocks each of four times {seconds:g} s, whole answers\n")
    sys.stdout.write(shown(told) + "\n")
    if given.json:
        document = {"summary": told, "blocks": measured}
        given.json.write_bytes(msgspec.json.format(msgspec.json.encode(document)))
    return 1 if given.check and told.missed else 0


if __name__ == "__main__":
    sys.exit(main())
