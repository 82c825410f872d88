"""The benchmark measures what it says: its double speaks OpenAI, its load counts right, its arithmetic holds."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import httpx
import pytest

HERE = Path(__file__).parent


@contextmanager
def upstream(*arguments: str) -> Iterator[int]:
    command = [sys.executable, str(HERE / "upstream.py"), "--limit=30", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()


def load(port: int, *arguments: str) -> dict[str, float]:
    command = [sys.executable, str(HERE / "load.py"), str(port), "--warmup=0.1", "--seconds=0.4", *arguments]
    figures: dict[str, float] = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=20).stdout)
    return figures


def module(name: str) -> ModuleType:
    return __import__(name)


def test_what_make_bench_runs_can_be_quick() -> None:
    makefile = (HERE.parent.parent / "Makefile").read_text()
    scripts = re.findall(
        r"tests/benchmarks/(\w+\.py) \$\((\w+)_ARGS\)", makefile.partition("\nbench:")[2].partition("\n\n")[0]
    )
    assert len(scripts) == 4
    told = (HERE.parent.parent / "docs" / "operating.md").read_text()
    for script, name in scripts:
        shown = subprocess.run(
            [sys.executable, str(HERE / script), "--help"], capture_output=True, text=True, check=True
        )
        assert "--quick" in shown.stdout, script
        assert f" {name}_ARGS=--quick" in told


def test_the_double_answers_a_completion_with_usage() -> None:
    with upstream() as port:
        answer = httpx.post(f"http://127.0.0.1:{port}/v1/chat/completions", json={"model": "gpt-4", "messages": []})
    assert answer.status_code == 200
    assert answer.json()["usage"]["total_tokens"] == 37
    assert answer.json()["choices"][0]["finish_reason"] == "stop"


@pytest.mark.parametrize(("batch", "more"), [(1, ()), (7, ("--late-end",)), (1000, ())])
def test_the_double_streams_as_many_events_as_asked_for(batch: int, more: tuple[str, ...]) -> None:
    body = {"model": "gpt-4", "messages": [], "stream": True, "double_events": 25}
    with upstream(f"--batch={batch}", "--pause=0.001", *more) as port:
        answer = httpx.post(f"http://127.0.0.1:{port}/v1/chat/completions", json=body)
        stats = httpx.get(f"http://127.0.0.1:{port}/stats").json()
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = answer.text.split("\n\n")
    assert events[-2:] == ["data: [DONE]", ""]
    chunks = [json.loads(event.removeprefix("data: ")) for event in events[:-2]]
    assert sum(bool(chunk["choices"] and chunk["choices"][0]["delta"].get("content")) for chunk in chunks) == 25
    assert [chunk["usage"] is not None for chunk in chunks] == [False] * 27 + [True]
    assert stats["calls"] == 0
    assert stats["requests"] == 1
    assert stats["accepted"] == 2


def test_the_double_counts_a_caller_that_hangs_up() -> None:
    body = {"model": "gpt-4", "messages": [], "stream": True}
    with upstream("--pause=0.2") as port:
        with httpx.stream("POST", f"http://127.0.0.1:{port}/v1/chat/completions", json=body):
            assert httpx.get(f"http://127.0.0.1:{port}/stats").json()["calls"] == 1
        stats = httpx.get(f"http://127.0.0.1:{port}/stats").json()
    assert stats["calls"] == 0
    assert stats["broken"] == 1


def test_the_load_counts_whole_answers_and_events() -> None:
    with upstream("--events=10") as port:
        whole = load(port, "--connections=2")
        streamed = load(port, "--connections=2", "--stream")
    assert whole["errors"] == streamed["errors"] == 0
    assert whole["requests"] > 0
    assert whole["events"] == 0
    assert 0 < whole["p50"] <= whole["p99"]
    assert streamed["events"] == streamed["requests"] * 14  # role, ten of content, finish, usage and the end mark
    assert 0 < streamed["first_byte_p50"] <= streamed["p50"]


def test_the_load_counts_a_wrong_answer_as_an_error() -> None:
    with upstream() as port:
        figures = load(port, "--form=native", "--stream", "--connections=1")
    assert figures["requests"] == 0
    assert figures["errors"] > 0


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_an_answer_is_read_however_it_is_cut(cut: int) -> None:
    raw = b"HTTP/1.1 200 OK\r\nX-A: b\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    reader = module("responses").ResponseReader()
    pieces = [raw[at : at + cut] for at in range(0, len(raw), cut)]
    assert [reader.feed(piece) for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    assert (reader.status, reader.header(b"x-a"), reader.body()) == (200, b"b", b"abcde")


def test_an_answer_without_framing_is_refused() -> None:
    with pytest.raises(ValueError, match="neither"):
        module("responses").ResponseReader().feed(b"HTTP/1.1 200 OK\r\n\r\n")


def test_percentiles_are_by_nearest_rank() -> None:
    percentile = module("load").percentile
    values = [float(number) for number in range(100, 0, -1)]
    assert percentile(values, 0.5) == 50
    assert percentile(values, 0.99) == 99
    assert percentile([3.0], 0.5) == 3
    assert percentile([], 0.5) == 0


def test_ratios_are_the_median_of_the_rounds_own() -> None:
    report, figures = module("report"), module("load").Figures

    def rounds(*counts: int) -> list[object]:
        blank = {"events": 0, "errors": 0, "error_samples": [], "p99": 0.0, "first_byte_p50": 0.0}
        return [figures(seconds=1.0, requests=count, p50=1 / count, **blank) for count in counts]

    measured = {
        ("gateway", "whole"): rounds(80, 40, 90),
        ("minimal", "whole"): rounds(100, 50, 100),
        ("gateway", "alone"): rounds(500),
        ("direct", "alone"): rounds(1000),
    }
    shown = report.summary(measured)
    assert shown["whole_ratio_to_minimal"] == 0.8
    assert shown["overhead_seconds"] == pytest.approx(0.001)
    assert shown["streamed_ratio_to_minimal"] is None
    assert report.missed(measured) == ["overhead at one connection: below 0.001 s"]
    assert "0.80" in report.table(measured, {"whole": "Whole answers"})


def test_slopes_and_metrics_are_read() -> None:
    soak = module("soak")
    assert soak.slope_per_minute([(0, 10), (30, 11), (60, 12)]) == pytest.approx(2)
    assert soak.slope_per_minute([(0, 10)]) == 0
    assert soak.metric('gateway_in_flight 2.0\nother{a="b"} 1\n', "gateway_in_flight") == 2
    assert soak.metric('c{a="b"} 1\nc{a="d"} 2.5\ncc 7\n', "c") == 3.5
