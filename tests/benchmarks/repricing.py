"""``make bench``: how long it takes to reprice a ledger of a million rows on one core, and how much memory.

The rows are written to a SQLite file of their own first. What is measured is the command as an operator runs it, from
its arguments to its answer; the answer is compared with what the same rows come to in fractions.
"""

import argparse
import io
import json
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import redirect_stdout
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import msgspec
from past import DAYS, fill, write_config
from processes import cores, spawn

from tornado_gateway.__main__ import main as command

SECONDS = 60.0
"""For a million rows, at most."""

MEGABYTES = 200.0
"""At the peak, however many rows there are."""


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """``cpu`` are seconds too; ``new`` is the command's sum in USD, ``unused`` the rows that it left out."""

    seconds: float
    cpu: float
    megabytes: float
    requests: int
    unused: int
    new: str


class Result(msgspec.Struct, frozen=True):
    rows: int
    measured: Measured
    exact: bool

    @property
    def rows_per_second(self) -> float:
        return self.rows / self.measured.seconds

    def missed(self) -> list[str]:
        """What was wanted and not reached."""
        wanted = (
            (f"a million rows take at most {SECONDS:g} s", self.rows_per_second >= 10**6 / SECONDS),
            (f"at most {MEGABYTES:g} MB", self.measured.megabytes <= MEGABYTES),
            ("every digit of the sum is right", self.exact),
        )
        return [text for text, fine in wanted if not fine]


def measure(config: Path) -> Measured:
    """Runs the command in this process."""
    answer = io.StringIO()
    began, cpu = time.perf_counter(), time.process_time()
    with redirect_stdout(answer):
        code = command(["reprice", "--config", str(config), "--by", "model", "--by", "key", "--format", "json"])
    took, cpu = time.perf_counter() - began, time.process_time() - cpu
    if code:
        raise SystemExit(code)
    total = json.loads(answer.getvalue(), parse_float=str)["total"]
    return Measured(
        seconds=took,
        cpu=cpu,
        megabytes=peak() / 1e6,
        requests=total["requests"],
        unused=total["left_out"]["unused"],
        new=str(total["new"]),
    )


def peak() -> int:
    """Bytes that this process held at most. ``getrusage`` would count those of whoever started it, too."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def run(rows: int) -> Result:
    """Writes the rows, and measures in a process of its own on a core of its own."""
    with tempfile.TemporaryDirectory() as folder:
        change = (datetime.now(UTC) - timedelta(days=DAYS / 2)).replace(microsecond=0)
        config = write_config(Path(folder), change)
        began = time.perf_counter()
        expected = fill(config, rows, change)
        sys.stderr.write(f"{rows:,} rows written in {time.perf_counter() - began:.1f} s\n")
        child = spawn([__file__, "--measure", str(config)], cores().server, stdout=subprocess.PIPE)
        out, _ = child.communicate()
        if child.returncode:
            raise SystemExit(f"the measurement ended with {child.returncode}")
    measured = msgspec.json.decode(out, type=Measured)
    return Result(rows, measured, Fraction(measured.new) == expected)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--quick", action="store_true", help="ten thousand rows")
    parser.add_argument("--json", type=Path, help="write the figures there")
    parser.add_argument("--check", action="store_true", help="exit 1 where what is wanted was missed")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure is not None:
        print(msgspec.json.encode(measure(given.measure)).decode())
        return 0
    result = run(10_000 if given.quick else given.rows)
    measured = result.measured
    print(
        f"repriced {result.rows:,} rows in {measured.seconds:.1f} s: {result.rows_per_second:,.0f} rows/s, "
        f"{measured.cpu / max(1, result.rows) * 1e6:.1f} us of CPU a row, {measured.megabytes:.0f} MB at the peak"
    )
    missed = result.missed()
    for text in missed:
        print(f"MISSED {text}")
    if given.json is not None:
        given.json.write_bytes(msgspec.json.format(msgspec.json.encode(result)))
    return 1 if given.check and missed else 0


if __name__ == "__main__":
    sys.exit(main())
