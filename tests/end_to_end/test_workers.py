"""Several workers as an operator runs them: real processes that are killed, replaced, reloaded and orphaned."""

import asyncio
import http.client
import json
import os
import re
import signal
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tornado_gateway.__main__ import main

from .conftest import Gateway, finish, launch, wait_for

CONFIG = """\
version: 1
server: {host: 127.0.0.1, port: 0, drain_timeout: 10, workers: 2}
providers:
  echo: {kind: echo, pause: 0}
  slow: {kind: echo, pause: 0.1}
routes:
  echo4: {provider: echo}
  slow: {provider: slow, model: echo4}
pricing:
  unit: per_1k_tokens
  currency: USD
  models:
    echo/echo4: {input: 0.001, output: 0.002}
    slow/echo4: {free: true}
"""
BODY = {"model": "echo4", "messages": [{"role": "user", "content": "Hello"}]}
SLOW = {"model": "slow", "stream": True, "messages": [{"role": "user", "content": "word " * 15}]}


@pytest.fixture(scope="module")
def crew(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """Two workers, the same for all tests that leave them well, and for the one after those."""
    gateway = launch(tmp_path_factory.mktemp("crew"), CONFIG)
    try:
        wait_for(gateway)
        yield gateway
    finally:
        finish(gateway)


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Gateway]:
    """Two workers for a test that ends them."""
    gateway = launch(tmp_path, CONFIG)
    try:
        wait_for(gateway)
        yield gateway
    finally:
        finish(gateway)


def staff(gateway: Gateway) -> dict[int, list[int]]:
    """The living workers' processes by number."""
    found: dict[int, list[int]] = {}
    for process in psutil.Process(gateway.process.pid).children():
        with suppress(psutil.Error):
            errand = re.search(r'"number":(\d+)', " ".join(process.cmdline()))
            if errand and process.status() != psutil.STATUS_ZOMBIE:
                found.setdefault(int(errand[1]), []).append(process.pid)
    return found


class Connection:
    """One kept-alive connection, so cheap that a test may ask time and again while processes start."""

    def __init__(self, gateway: Gateway) -> None:
        host, port = gateway.url.removeprefix("http://").split(":")
        self._http = http.client.HTTPConnection(host, int(port), timeout=10)

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, path: str) -> bytes:
        self._http.request("GET", path)
        return self._http.getresponse().read()

    def ready(self) -> dict[str, Any]:
        return dict(json.loads(self.get("/health/ready")))

    def call(self) -> str:
        """The revision that a model call was priced under."""
        self._http.request("POST", "/v1/completions", json.dumps(BODY), {"Content-Type": "application/json"})
        answer = self._http.getresponse()
        assert answer.read()
        assert answer.status == 200
        return str(answer.headers["X-Gateway-Revision"])


def on_each(gateway: Gateway) -> dict[int, dict[str, Any]]:
    """What each worker says of itself, and the revision that it prices calls under."""
    told: dict[int, dict[str, Any]] = {}
    with ExitStack() as held:
        # A connection that stays makes its worker the one that has more.
        for _ in range(8):
            connection = held.enter_context(Connection(gateway))
            ready = connection.ready()
            if ready["worker"] not in told:
                told[ready["worker"]] = {**ready, "header": connection.call()}
    return told


def revisions(gateway: Gateway) -> list[str]:
    """Of both workers, their own word and their answers' headers; less where one does not serve."""
    told = on_each(gateway).values()
    return [revision for worker in told for revision in (worker["config"]["revision"], worker["header"])]


def agreed(gateway: Gateway, *, other_than: str) -> bool:
    """Whether both workers are under one revision, and a new one."""
    found = revisions(gateway)
    return len(found) == 4 and len(set(found)) == 1 and found[0] != other_than


def requests(gateway: Gateway) -> float:
    with Connection(gateway) as connection:
        page = connection.get("/metrics").decode()
    rows = re.findall(r'^gateway_requests_total\{.*route="echo4",status="200"\} (.*)$', page, re.MULTILINE)
    return sum(map(float, rows))


def settled(gateway: Gateway) -> float:
    """``requests`` with nothing missing: a worker that is asked for its metrics publishes them."""
    with ExitStack() as held:
        pages = [held.enter_context(Connection(gateway)).get("/metrics") for _ in range(4)]
    assert pages
    return requests(gateway)


class Caller:
    """Calls on one kept-alive connection after the other, knowing whose it is, and notes what broke."""

    def __init__(self, gateway: Gateway) -> None:
        self._url = gateway.url
        self.answered = 0
        self.worker = 0
        self.broken: list[tuple[int, str]] = []
        self.stopped = False

    async def run(self) -> None:
        while not self.stopped:
            limits = httpx.Limits(max_connections=1)
            async with httpx.AsyncClient(base_url=self._url, limits=limits, trust_env=False, timeout=10) as client:
                with suppress(httpx.TransportError):
                    await self._call_on(client)

    async def _call_on(self, client: httpx.AsyncClient) -> None:
        while not self.stopped:
            # A connection may end with an answer, as announced: then the next one is another worker's.
            ready = await client.get("/health/ready")
            self.worker = ready.json()["worker"]
            while not self.stopped:
                try:
                    answer = await client.post("/v1/completions", json=BODY)
                except httpx.TransportError as error:
                    self.broken.append((self.worker, repr(error)))
                    raise
                if answer.status_code != 200:
                    self.broken.append((self.worker, answer.text))
                self.answered += answer.status_code == 200
                if answer.headers.get("Connection") == "close":
                    break
                await asyncio.sleep(0.02)  # leaves the processes that start some of the machine


async def under_load(gateway: Gateway, callers: int, change: Callable[[list[Caller]], None]) -> list[Caller]:
    """The callers, after ``change`` was made while they called."""
    made = [Caller(gateway) for _ in range(callers)]
    running = [asyncio.ensure_future(caller.run()) for caller in made]
    try:
        await asyncio.to_thread(gateway.wait_until, lambda: all(caller.answered for caller in made))
        await asyncio.to_thread(change, made)
    finally:
        for caller in made:
            caller.stopped = True
        await asyncio.gather(*running)
    return made


def test_all_workers_serve_and_each_says_who_it_is(crew: Gateway) -> None:
    assert sorted(on_each(crew)) == sorted(staff(crew)) == [1, 2]

    def lines() -> list[dict[str, Any]]:
        return [json.loads(line) for line in crew.log.read_text().splitlines()]

    def told() -> set[int]:
        return {line["worker"] for line in lines() if line["message"] == "request finished"}

    crew.wait_until(lambda: told() == {1, 2})
    (listening,) = [line for line in lines() if "listening on" in line["message"]]
    assert listening["message"].endswith(", 2 workers")
    assert "worker" not in listening


def test_metrics_are_the_sum_whoever_is_asked(crew: Gateway) -> None:
    before = settled(crew)
    with ExitStack() as held:
        connections = [held.enter_context(Connection(crew)) for _ in range(6)]
        assert {connection.ready()["worker"] for connection in connections} == {1, 2}
        for connection in connections:
            for _ in range(5):
                connection.call()

        def sums() -> set[str]:
            pages = [connection.get("/metrics").decode() for connection in connections]
            return {line for page in pages for line in page.splitlines() if line.startswith("gateway_requests_total")}

        crew.wait_until(lambda: len(sums()) == 1 and requests(crew) == before + 30, 1.5)
    assert crew.metric("gateway_in_flight") == 0
    assert crew.metric('gateway_config_reloads_total{outcome="rejected"}') == 0


async def test_a_worker_that_is_killed_takes_only_its_own_down_and_comes_back(crew: Gateway) -> None:
    (victim,) = staff(crew)[1]
    seen: list[float] = []

    def change(callers: list[Caller]) -> None:
        def wait(condition: Callable[[], bool], seconds: float = 10.0) -> None:
            def look() -> bool:
                with suppress(OSError, http.client.HTTPException):  # asked of the victim
                    seen.append(requests(crew))
                return condition()

            crew.wait_until(look, seconds, 0.05)

        assert {caller.worker for caller in callers} == {1, 2}
        wait(lambda: len(seen) > 5)
        os.kill(victim, signal.SIGKILL)
        wait(lambda: staff(crew).get(1) != [victim])
        wait(lambda: 1 in staff(crew) and len(on_each(crew)) == 2, 60)
        goal = sum(caller.answered for caller in callers) + 100
        wait(lambda: sum(caller.answered for caller in callers) > goal)

    callers = await under_load(crew, 8, change)
    broken = [worker for caller in callers for worker, _ in caller.broken]
    assert Counter(broken)[2] == 0, [caller.broken for caller in callers]
    assert all(len(caller.broken) <= 1 for caller in callers), [caller.broken for caller in callers]
    assert seen == sorted(seen)
    assert any(one > seen[0] for one in seen)
    assert '"fate":"SIGKILL"' in crew.log.read_text()


async def test_workers_are_replaced_one_by_one_and_no_request_fails(crew: Gateway) -> None:
    before = {pid for pids in staff(crew).values() for pid in pids}
    most = 0

    def change(callers: list[Caller]) -> None:
        def replaced() -> bool:
            nonlocal most
            now = [pid for pids in staff(crew).values() for pid in pids]
            most = max(most, len(now))
            return len(now) == 2 and before.isdisjoint(now)

        crew.process.send_signal(signal.SIGUSR2)
        crew.wait_until(replaced, 120, 0.05)
        assert {caller.worker for caller in callers} <= {1, 2}

    counted = settled(crew)
    callers = await under_load(crew, 8, change)
    assert [caller.broken for caller in callers] == [[]] * 8
    assert most == 3
    answered = sum(caller.answered for caller in callers)
    await asyncio.to_thread(crew.wait_until, lambda: requests(crew) == counted + answered, 1.5)
    await asyncio.to_thread(crew.wait_until, lambda: "all workers replaced" in crew.log.read_text())


def test_a_change_of_the_file_and_sighup_reach_all_and_a_bad_file_none(crew: Gateway) -> None:
    (first,) = set(revisions(crew))
    crew.config.write_text(CONFIG.replace("input: 0.001", "input: 0.003"))
    crew.wait_until(lambda: agreed(crew, other_than=first), 1.5)
    (second,) = set(revisions(crew))
    crew.config.write_text(CONFIG.replace("input: 0.001", "input: 0.004"))
    crew.process.send_signal(signal.SIGHUP)
    crew.wait_until(lambda: agreed(crew, other_than=second), 1.5)
    (third,) = set(revisions(crew))

    crew.config.write_text(CONFIG.replace("input: 0.001", "inptu: 0.004"))
    crew.process.send_signal(signal.SIGHUP)
    crew.wait_until(lambda: all(ready["config"]["last_error"] for ready in on_each(crew).values()), 1.5)
    assert revisions(crew) == [third] * 4
    # One that starts while the file is bad begins with what the others have.
    (victim,) = staff(crew)[2]
    os.kill(victim, signal.SIGKILL)
    crew.wait_until(lambda: staff(crew).get(2, [victim]) != [victim], step=0.05)
    crew.wait_until(lambda: len(on_each(crew)) == 2, 60, 0.05)
    assert revisions(crew) == [third] * 4
    crew.wait_until(lambda: all("inptu" in str(ready["config"]["last_error"]) for ready in on_each(crew).values()))
    assert crew.metric(f'gateway_config_info{{revision="{third}"}}') == 1

    crew.config.write_text(CONFIG.replace("port: 0", "port: 1").replace("workers: 2", "workers: 3"))
    crew.wait_until(lambda: agreed(crew, other_than=third), 1.5)
    crew.wait_until(lambda: "server.workers needs a restart" in crew.log.read_text())
    assert "server.port needs a restart" in crew.log.read_text()
    assert sorted(staff(crew)) == [1, 2]


def gone(pids: list[int]) -> bool:
    return not any(psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE for pid in pids)


def test_sigterm_drains_the_streams_of_all(crew: Gateway) -> None:
    workers = [pid for pids in staff(crew).values() for pid in pids]
    with ExitStack() as held:
        clients = [held.enter_context(httpx.Client(base_url=crew.url, trust_env=False, timeout=10)) for _ in range(4)]
        assert {client.get("/health/ready").json()["worker"] for client in clients} == {1, 2}
        streams = [held.enter_context(client.stream("POST", "/v1/chat/completions", json=SLOW)) for client in clients]
        lines = [stream.iter_lines() for stream in streams]
        assert all("word" in next(each) for each in lines)
        crew.process.send_signal(signal.SIGTERM)

        def draining() -> bool:
            answer = httpx.post(f"{crew.url}/v1/completions", json=BODY)
            return answer.status_code == 503 and answer.headers["Connection"] == "close"

        crew.wait_until(draining)
        assert httpx.get(f"{crew.url}/health/ready").status_code == 503
        assert [[line for line in each if line][-1] for each in lines] == ["data: [DONE]"] * 4
    assert crew.process.wait(10) == 0
    assert gone(workers)


def test_a_second_sigterm_ends_all_at_once(own: Gateway) -> None:
    workers = [pid for pids in staff(own).values() for pid in pids]
    long = {**SLOW, "messages": [{"role": "user", "content": "word " * 200}]}
    with httpx.stream("POST", f"{own.url}/v1/chat/completions", json=long, timeout=10) as stream:
        assert "word" in next(stream.iter_lines())
        own.process.send_signal(signal.SIGTERM)
        own.wait_until(lambda: "draining" in own.log.read_text())
        own.process.send_signal(signal.SIGTERM)
        assert own.process.wait(5) == 1
    assert gone(workers)


def test_when_the_supervisor_is_killed_nobody_is_left(own: Gateway) -> None:
    workers = [pid for pids in staff(own).values() for pid in pids]
    host, port = own.url.removeprefix("http://").split(":")
    with httpx.stream("POST", f"{own.url}/v1/chat/completions", json=SLOW, timeout=10) as stream:
        lines = stream.iter_lines()
        assert "word" in next(lines)
        own.process.kill()
        own.process.wait(5)
        # The port is free for whoever starts next while the stream goes on.
        deadline = time.monotonic() + 5
        while True:
            with suppress(OSError), socket.create_server((host, int(port))):
                break
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert [line for line in lines if line][-1] == "data: [DONE]"
    deadline = time.monotonic() + 10
    while not gone(workers):
        assert time.monotonic() < deadline, own.log.read_text()
        time.sleep(0.01)


def test_a_bad_file_and_a_taken_port_start_no_worker(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "gateway.yaml"
    file.write_text(CONFIG)
    serve = ["serve", "--config", str(file)]
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert main([*serve, "--workers", "2", "--port", str(taken.getsockname()[1])]) == 1
    assert "can't listen on" in capsys.readouterr().err
    file.write_text(CONFIG.replace("workers: 2", "workers: 1") + "limits: {concurrent: 5}\n")
    assert main([*serve, "--workers", "2"]) == 1
    assert "each of 2 workers would count its limits for itself" in capsys.readouterr().err
    for odd in ("none", "0", "1025"):
        with pytest.raises(SystemExit) as refused:
            main([*serve, "--workers", odd])
        assert refused.value.code == 2
    capsys.readouterr()
    file.write_text(CONFIG.replace("workers: 2", "workers: two"))
    assert main([*serve, "--workers", "auto"]) == 1
    assert "server.workers: 'two' does not have the right form" in capsys.readouterr().err


def test_limits_are_not_added_to_workers_that_would_each_count_them(own: Gateway) -> None:
    own.config.write_text(CONFIG.replace("workers: 2", "workers: 1") + "limits: {concurrent: 5}\n")

    def refused() -> bool:
        error = httpx.get(f"{own.url}/health/ready").json()["config"]["last_error"]
        return error is not None and "each of 2 workers would count" in error

    own.wait_until(refused)
    # Who takes another's place begins with what is in force, too.
    own.process.send_signal(signal.SIGUSR2)
    own.wait_until(lambda: "all workers replaced" in own.log.read_text(), 60)
    own.wait_until(refused)
    answer = httpx.post(f"{own.url}/v1/completions", json=BODY)
    assert answer.status_code == 200
    assert not any(name.startswith("x-ratelimit") for name in answer.headers)
