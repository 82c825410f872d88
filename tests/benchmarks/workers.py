"""``make bench``, its part on workers: what several serve beside one.

The offline provider streams 120 events without a pause, so that the gateway's own CPU is the limit: the load, in
processes of its own, takes a small part of what the gateway takes, and no upstream anything. Nothing is pinned, for
on two cores the load has to have its part of both. Rounds are interleaved.

How to read it: N workers should answer at least 0.85 N times what one does, given N free cores. Whether there are is
measured in each round, too: how much N processes that only count get done beside one. Where that is much less than N
times as much, other programs are at work or the cores are halves of one, and the ratio is not judged; what is left then
is the share that the workers made of what there was, and that an answer costs as much CPU as with one worker.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import msgspec
from load import Figures
from processes import HERE, Running, end, fetch, gateway, spawn

CONFIG = """\
version: 1
server: {host: 127.0.0.1}
log: {level: INFO, format: json}
providers:
  echo: {kind: echo, pause: 0}
routes:
  echo4: {provider: echo}
pricing:
  unit: per_1k_tokens
  currency: USD
  models:
    echo/echo4: {input: 0.03, output: 0.06}
"""
FREE = 0.95
"""Of N times what one process gets done, what N have to for the ratio to be judged."""

_SPIN = "import time; e, n = time.perf_counter() + 0.7, 0\nwhile time.perf_counter() < e: n += 1\nprint(n)"
_READY_SECONDS = 30.0


class Summary(msgspec.Struct, frozen=True):
    """Medians over the rounds. ``answers`` and ``cpu`` are ratios of several workers to one, ``free`` that of several
    processes that only count; ``cores`` is what the workers had, ``load`` what the load had."""

    workers: int
    answers: float
    cpu: float
    cores: float
    load: float
    free: float
    errors: int

    @property
    def judged(self) -> bool:
        return self.free >= FREE * self.workers

    @property
    def wanted(self) -> float:
        return 0.85 * self.workers

    @property
    def missed(self) -> bool:
        return self.errors > 0 or (self.judged and self.answers < self.wanted)


def summary(workers: int, one: Sequence[Figures], several: Sequence[Figures], free: Sequence[float]) -> Summary:
    """``one`` and ``several`` are the rounds' figures, in the same order; ``free`` is what ``spun`` told in each."""
    pairs = list(zip(one, several, strict=True))
    return Summary(
        workers=workers,
        answers=median(many.requests_per_second / alone.requests_per_second for alone, many in pairs),
        cpu=median(many.cpu_per_request / alone.cpu_per_request for alone, many in pairs),
        cores=median(figures.cpu_seconds / figures.seconds for figures in several),
        load=median(figures.load_seconds / figures.seconds for figures in several),
        free=median(free),
        errors=sum(figures.errors for figures in (*one, *several)),
    )


def joined(parts: Sequence[Figures]) -> Figures:
    """What several processes of load saw at the same time, of the same gateway."""
    return Figures(
        seconds=max(part.seconds for part in parts),
        requests=sum(part.requests for part in parts),
        events=sum(part.events for part in parts),
        errors=sum(part.errors for part in parts),
        error_samples=[sample for part in parts for sample in part.error_samples],
        p50=median(part.p50 for part in parts),
        p99=max(part.p99 for part in parts),
        first_byte_p50=median(part.first_byte_p50 for part in parts),
        cpu_seconds=max(part.cpu_seconds for part in parts),
        rss=max(part.rss for part in parts),
        load_seconds=sum(part.load_seconds for part in parts),
    )


def shown(found: Summary, one: Sequence[Figures], several: Sequence[Figures]) -> str:
    """The figures as text."""
    lines = [f"{'':12} {'answers/s':>10} {'events/s':>10} {'CPU us/req':>10} {'p50 ms':>8} {'p99 ms':>8} {'RSS MB':>7}"]
    for name, rounds in (("one worker", one), (f"{found.workers} workers", several)):
        lines.append(
            f"{name:12} {median(each.requests_per_second for each in rounds):10,.0f} "
            f"{median(each.events_per_second for each in rounds):10,.0f} "
            f"{median(each.cpu_per_request for each in rounds) * 1e6:10,.0f} "
            f"{median(each.p50 for each in rounds) * 1e3:8.2f} {median(each.p99 for each in rounds) * 1e3:8.2f} "
            f"{median(each.rss for each in rounds) / 1e6:7.1f}"
        )
    verdict = "ok    " if not found.missed else "MISSED"
    if not found.judged:
        verdict = "      "
        lines.append(f"not judged: {found.workers} cores are not free, or no whole ones")
    lines.append(f"{verdict} {found.answers:10.4g}  answers/s of one worker's: at least {found.wanted:.3g}")
    lines.append(f"       {found.free:10.4g}  what {found.workers} processes that only count get done, of one's")
    lines.append(f"       {found.answers / found.free:10.4g}  share of that which the workers made")
    lines.append(f"       {found.cpu:10.4g}  CPU of an answer, of one worker's")
    lines.append(
        f"       {found.cores:10.4g}  cores that the {found.workers} workers had; the load had {found.load:.2f}"
    )
    lines.append(f"{'MISSED' if found.errors else 'ok    '} {found.errors:10}  errors: none")
    return "\n".join(lines)


def measure(running: Running, *, loads: int, connections: int, warmup: float, seconds: float) -> Figures:
    """Runs ``loads`` load generators at once, which share the connections."""
    command = [str(HERE / "load.py"), str(running.port), "--form=echo", "--stream"]
    command += [f"--connections={connections // loads}", f"--warmup={warmup}", f"--seconds={seconds}"]
    command += [f"--watch={running.process.pid}"]
    processes = [spawn(command, None, stdout=subprocess.PIPE) for _ in range(loads)]
    try:
        outputs = [process.communicate(timeout=warmup + seconds + 60)[0] for process in processes]
        return joined([msgspec.json.decode(output, type=Figures) for output in outputs])
    finally:
        for process in processes:
            end(process)


def spun(processes: int) -> float:
    """How much more than one process several get done that only count."""

    def done(count: int) -> int:
        started = [spawn(["-c", _SPIN], None, stdout=subprocess.PIPE) for _ in range(count)]
        return sum(int(process.communicate()[0]) for process in started)

    return done(processes) / done(1)


def _all_serve(port: int, workers: int) -> None:
    seen: set[int] = set()
    deadline = time.monotonic() + _READY_SECONDS
    while len(seen) < workers:
        seen.add(msgspec.json.decode(fetch(port, "/health/ready"))["worker"])
        if time.monotonic() > deadline:
            raise RuntimeError(f"of {workers} workers only {len(seen)} answer")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=4.0, help="of one measurement")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--loads", type=int, default=2, help="processes that call")
    parser.add_argument("--quick", action="store_true", help="one round of one second")
    parser.add_argument("--json", type=Path, help="write every round's figures and the summary there")
    parser.add_argument("--check", action="store_true", help="exit 1 where what is wanted was missed")
    given = parser.parse_args()
    seconds, warmup, rounds = (1.0, 0.5, 1) if given.quick else (given.seconds, 1.0, given.rounds)
    one: list[Figures] = []
    several: list[Figures] = []
    free: list[float] = []
    with ExitStack() as stack:
        config = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "gateway.yaml"
        config.write_text(CONFIG)
        alone = stack.enter_context(gateway(config, core=None))
        many = stack.enter_context(gateway(config, core=None, arguments=["--workers", str(given.workers)]))
        _all_serve(many.port, given.workers)
        for number in range(rounds):
            for name, running, figures in (("one worker", alone, one), ("several", many, several)):
                sys.stderr.write(f"round {number + 1} of {rounds}: {name}\n")
                found = measure(
                    running, loads=given.loads, connections=given.connections, warmup=warmup, seconds=seconds
                )
                for sample in found.error_samples:
                    sys.stderr.write(f"  {sample}\n")
                figures.append(found)
            free.append(spun(given.workers))
    found_summary = summary(given.workers, one, several, free)
    sys.stdout.write(f"\n{rounds} rounds of {seconds:g} s, {given.connections} connections, streams of 120 events\n")
    sys.stdout.write(shown(found_summary, one, several) + "\n")
    if given.json:
        document = {"summary": found_summary, "one": one, "several": several, "free": free}
        given.json.write_bytes(msgspec.json.format(msgspec.json.encode(document)))
    return 1 if given.check and found_summary.missed else 0


if __name__ == "__main__":
    sys.exit(main())
