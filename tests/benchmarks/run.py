"""``make bench``: a constant handler, a minimal proxy and the gateway in turn, over one upstream double.

The server under test has a core for itself; the load and the double share the other one. All servers stay up, and
the rounds are interleaved, so that a slow minute of the machine falls on all alike.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import msgspec
from load import Figures
from processes import Running, cores, gateway, helper, measure
from report import (
    ALONE,
    CONSTANT,
    DIRECT,
    GATEWAY,
    GUARDED,
    MESSAGES,
    MINIMAL,
    NATIVE,
    NO_LEDGER,
    STREAMED,
    TRANSLATED,
    WHOLE,
    missed,
    summary,
    table,
)
from settings import write_config

SUBJECTS = (DIRECT, CONSTANT, MINIMAL, NO_LEDGER, GATEWAY, GUARDED, *TRANSLATED)
_FORMS = {NATIVE: "native", MESSAGES: "messages"}


@dataclass(frozen=True, slots=True)
class Options:
    """``seconds`` and ``warmup`` are those of one measurement."""

    seconds: float
    warmup: float
    rounds: int
    connections: int
    only: frozenset[str]
    events: int
    batch: int
    pause: float


def run(options: Options) -> dict[tuple[str, str], list[Figures]]:
    """Starts the servers, measures, ends the servers."""
    measured: dict[tuple[str, str], list[Figures]] = {}
    with ExitStack() as stack:
        servers = _start(options, stack)
        for number in range(options.rounds):
            for subject, scenario in _plan(servers):
                sys.stderr.write(f"round {number + 1} of {options.rounds}: {subject}, {scenario}\n")
                figures = _measure(servers[subject], subject, scenario, options)
                for sample in figures.error_samples:
                    sys.stderr.write(f"  {sample}\n")
                measured.setdefault((subject, scenario), []).append(figures)
    return measured


def _start(options: Options, stack: ExitStack) -> dict[str, Running]:
    where = cores()
    manner = (f"--events={options.events}", f"--batch={options.batch}", f"--pause={options.pause}")
    upstream = stack.enter_context(helper("upstream.py", *manner, core=where.rest))
    servers = {DIRECT: upstream}
    if CONSTANT in options.only:
        servers[CONSTANT] = stack.enter_context(helper("constant.py", core=where.server))
    if MINIMAL in options.only:
        base_url = f"http://127.0.0.1:{upstream.port}/v1"
        servers[MINIMAL] = stack.enter_context(helper("minimal_proxy.py", base_url, core=where.server))
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    for ledger, subjects in ((False, (NO_LEDGER,)), (True, (GATEWAY, *TRANSLATED))):
        if options.only.intersection(subjects):
            config = write_config(folder, upstream.port, ledger=ledger)
            running = stack.enter_context(gateway(config, core=where.server))
            servers |= {name: running for name in subjects if name in options.only}
    if GUARDED in options.only:
        config = write_config(folder, upstream.port, ledger=True, guarded=True)
        servers[GUARDED] = stack.enter_context(gateway(config, core=where.server))
    if DIRECT not in options.only:
        del servers[DIRECT]
    return servers


def _plan(servers: dict[str, Running]) -> Iterator[tuple[str, str]]:
    for scenario in (WHOLE, STREAMED, ALONE):
        for subject in servers:
            if not (subject == CONSTANT and scenario == STREAMED):
                yield subject, scenario


def _measure(server: Running, subject: str, scenario: str, options: Options) -> Figures:
    return measure(
        server.port,
        stream=scenario == STREAMED,
        connections=1 if scenario == ALONE else options.connections,
        warmup=options.warmup,
        seconds=options.seconds,
        core=cores().rest,
        watch=server.process.pid,
        form=_FORMS.get(subject, "chat"),
    )


def parse(arguments: list[str]) -> tuple[Options, argparse.Namespace]:
    """The options, and what concerns the output alone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="of one measurement")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--only", default=",".join(SUBJECTS), help=f"of {', '.join(SUBJECTS)}")
    parser.add_argument("--quick", action="store_true", help="one round of one second")
    parser.add_argument("--events", type=int, default=100, help="a stream")
    parser.add_argument("--batch", type=int, default=20, help="events a write of the upstream double's")
    parser.add_argument("--pause", type=float, default=0.0, help="seconds between two writes of the upstream double's")
    parser.add_argument("--json", type=Path, help="write every round's figures and the summary there")
    parser.add_argument("--check", action="store_true", help="exit 1 where what is wanted was missed")
    given = parser.parse_args(arguments)
    only = frozenset(given.only.split(","))
    if not only <= set(SUBJECTS):
        parser.error(f"--only takes {', '.join(SUBJECTS)}")
    options = Options(
        seconds=1.0 if given.quick else given.seconds,
        warmup=0.5 if given.quick else 1.0,
        rounds=1 if given.quick else given.rounds,
        connections=given.connections,
        only=only,
        events=given.events,
        batch=given.batch,
        pause=given.pause,
    )
    return options, given


def main() -> int:
    options, given = parse(sys.argv[1:])
    measured = run(options)
    where = cores()
    titles = {
        WHOLE: f"{options.connections} connections, whole answers",
        STREAMED: f"{options.connections} connections, streams of {options.events} events, {options.batch} a write",
        ALONE: "one connection, whole answers",
    }
    pinned = (
        "no pinning" if where.server is None else f"server on core {where.server}, load and upstream on {where.rest}"
    )
    sys.stdout.write(f"{options.rounds} rounds of {options.seconds:g} s, medians; {pinned}\n\n")
    sys.stdout.write(table(measured, titles) + "\n")
    if given.json:
        rounds = [
            {"subject": subject, "scenario": scenario, "rounds": figures}
            for (subject, scenario), figures in measured.items()
        ]
        given.json.write_bytes(msgspec.json.format(msgspec.json.encode({"summary": summary(measured), "runs": rounds})))
    return 1 if given.check and missed(measured) else 0


if __name__ == "__main__":
    sys.exit(main())
