"""Runs the gateway under cProfile with the benchmark's load on it, and shows where the time goes.

cProfile charges each call about a microsecond: read the order and the counts, not the sums.
"""

import argparse
import pstats
import sys
import tempfile
from pathlib import Path

from processes import cores, gateway, helper, measure
from settings import write_config


def profile(out: Path, *, form: str, stream: bool, seconds: float) -> float:
    """Writes the profile to ``out``; the answers a second while it was taken."""
    where = cores()
    with tempfile.TemporaryDirectory() as folder, helper("upstream.py", core=where.rest) as upstream:
        config = write_config(Path(folder), upstream.port)
        with gateway(config, core=where.server, prefix=("-m", "cProfile", "-o", str(out))) as running:
            figures = measure(
                running.port,
                stream=stream,
                connections=32,
                warmup=0.5,
                seconds=seconds,
                core=where.rest,
                watch=running.process.pid,
                form=form,
            )
    return figures.requests_per_second


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--form", choices=("chat", "native"), default="chat")
    parser.add_argument("--stream", action="store_true")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--sort", choices=("tottime", "cumulative", "ncalls"), default="tottime")
    parser.add_argument("--lines", type=int, default=40)
    parser.add_argument("--out", type=Path, default=Path(tempfile.gettempdir()) / "gateway.prof")
    options = parser.parse_args()
    rate = profile(options.out, form=options.form, stream=options.stream, seconds=options.seconds)
    sys.stdout.write(f"{rate:,.0f} answers/s while profiled; the whole profile is in {options.out}\n")
    pstats.Stats(str(options.out)).sort_stats(options.sort).print_stats(options.lines)


if __name__ == "__main__":
    main()
