"""The load generator, in a process of its own, on raw protocols so that it is never the bottleneck.

Each connection sends its next request as soon as the last one is answered. After a warm-up everything is counted for
a number of seconds; the figures go to stdout as JSON.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import msgspec
import psutil
from calls import FORMS, Form, good, request_bytes
from responses import ResponseReader


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What one run showed: times in seconds, ``rss`` in bytes; CPU and memory are the watched process's and its
    children's. ``load_seconds`` is CPU time too, of the load itself."""

    seconds: float
    requests: int
    events: int
    errors: int
    error_samples: list[str]
    p50: float
    p99: float
    first_byte_p50: float
    cpu_seconds: float = 0.0
    rss: int = 0
    load_seconds: float = 0.0

    @property
    def requests_per_second(self) -> float:
        return self.requests / self.seconds

    @property
    def events_per_second(self) -> float:
        return self.events / self.seconds

    @property
    def cpu_per_request(self) -> float:
        return self.cpu_seconds / self.requests if self.requests else 0.0


class Tally:
    """Counts while ``counting``; otherwise only lets go by."""

    def __init__(self) -> None:
        self.counting = False
        self.events = 0
        self.errors = 0
        self.error_samples: list[str] = []
        self.times: list[float] = []
        self.first_bytes: list[float] = []

    def answered(self, *, took: float, first_byte: float, events: int) -> None:
        if self.counting:
            self.times.append(took)
            self.first_bytes.append(first_byte)
            self.events += events

    def failed(self, what: str) -> None:
        if self.counting:
            self.errors += 1
            if len(self.error_samples) < 5:
                self.error_samples.append(what[:300])


class Caller(asyncio.Protocol):
    """One connection that asks again and again."""

    def __init__(self, *, form: Form, stream: bool, tally: Tally) -> None:
        self._form = form
        self._stream = stream
        self._request = request_bytes(form, stream=stream)
        self._tally = tally
        self._reader = ResponseReader()
        self._sent = 0.0
        self._first = 0.0
        self.lost = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._ask()

    def _ask(self) -> None:
        self._reader = ResponseReader()
        self._first = 0.0
        self._sent = time.perf_counter()
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if not self._first:
            self._first = time.perf_counter()
        if self._reader.feed(data):
            self._answered(time.perf_counter())

    def _answered(self, now: float) -> None:
        body = self._reader.body()
        if good(self._form, stream=self._stream, status=self._reader.status, body=body):
            events = body.count(b"data: ") if self._stream else 0
            self._tally.answered(took=now - self._sent, first_byte=self._first - self._sent, events=events)
        else:
            self._tally.failed(f"{self._reader.status} {body.decode(errors='replace')}")
        self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        self._tally.failed(f"connection lost: {exc}")
        if not self.lost.done():
            self.lost.set_result(None)

    def stop(self) -> None:
        self._transport.abort()


async def _keep_calling(port: int, *, form: Form, stream: bool, tally: Tally) -> None:
    loop = asyncio.get_running_loop()
    while True:
        try:
            _, caller = await loop.create_connection(
                lambda: Caller(form=form, stream=stream, tally=tally), "127.0.0.1", port
            )
        except OSError as error:
            tally.failed(f"no connection: {error}")
            await asyncio.sleep(0.05)
            continue
        try:
            await caller.lost
        finally:
            caller.stop()


@asynccontextmanager
async def calling(port: int, *, form: Form, stream: bool, connections: int, tally: Tally) -> AsyncIterator[None]:
    """Inside, ``port`` is called without a pause."""
    async with asyncio.TaskGroup() as group:
        callers = [
            group.create_task(_keep_calling(port, form=form, stream=stream, tally=tally)) for _ in range(connections)
        ]
        yield
        for caller in callers:
            caller.cancel()


async def run_load(
    port: int, *, form: Form, stream: bool, connections: int, warmup: float, seconds: float, watch: int | None
) -> Figures:
    """Calls for ``warmup`` and then ``seconds``; ``watch`` is the process whose CPU time and memory are wanted."""
    tally = Tally()
    process = psutil.Process(watch) if watch else None
    async with calling(port, form=form, stream=stream, connections=connections, tally=tally):
        await asyncio.sleep(warmup)
        cpu_before, load_before = _cpu(process), time.process_time()
        started = time.perf_counter()
        tally.counting = True
        await asyncio.sleep(seconds)
        tally.counting = False
        took = time.perf_counter() - started
        cpu_seconds = _cpu(process) - cpu_before
        load_seconds = time.process_time() - load_before
        rss = sum(one.memory_info().rss for one in _family(process))
    return Figures(
        seconds=took,
        requests=len(tally.times),
        events=tally.events,
        errors=tally.errors,
        error_samples=tally.error_samples,
        p50=percentile(tally.times, 0.50),
        p99=percentile(tally.times, 0.99),
        first_byte_p50=percentile(tally.first_bytes, 0.50),
        cpu_seconds=cpu_seconds,
        rss=rss,
        load_seconds=load_seconds,
    )


def _family(process: psutil.Process | None) -> list[psutil.Process]:
    return [] if process is None else [process, *process.children(recursive=True)]


def _cpu(process: psutil.Process | None) -> float:
    times = [one.cpu_times() for one in _family(process)]
    return float(sum(one.user + one.system for one in times))


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that ``share`` of ``values`` does not exceed, by nearest rank; 0 where there is none."""
    if not values:
        return 0.0
    ordered = sorted(values)
    rank = -int(-len(ordered) * share // 1)
    return ordered[max(0, rank - 1)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("--form", choices=sorted(FORMS), default="chat")
    parser.add_argument("--stream", action="store_true")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--warmup", type=float, default=1.0, help="seconds")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--watch", type=int, help="process id to take CPU time and memory of")
    options = parser.parse_args()
    figures = asyncio.run(
        run_load(
            options.port,
            form=FORMS[options.form],
            stream=options.stream,
            connections=options.connections,
            warmup=options.warmup,
            seconds=options.seconds,
            watch=options.watch,
        )
    )
    sys.stdout.write(msgspec.json.encode(figures).decode() + "\n")


if __name__ == "__main__":
    main()
