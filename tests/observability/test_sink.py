import gc
import io
import json
import os
import select
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO, cast

import pytest
from loguru import logger

from tests.support import finished
from tornado_gateway.observability.call_lines import fields_of
from tornado_gateway.observability.lines import human_line, json_line
from tornado_gateway.observability.sink import LineFormat, LineSink


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.002)


def attach(sink: LineSink) -> None:
    logger.configure(handlers=[{"sink": sink, "format": lambda _: "", "catch": False}])


def messages(text: str) -> list[str]:
    return [json.loads(line)["message"] for line in text.splitlines()]


@pytest.mark.usefixtures("restored_logging")
def test_lines_reach_a_file_in_order_without_waiting_for_the_end(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("w") as stream:
        sink = LineSink(stream, json_line)
        attach(sink)
        for number in range(100):
            logger.info("line {}", number)
        until(lambda: path.read_text().count("\n") == 100)
        assert messages(path.read_text()) == [f"line {number}" for number in range(100)]
        assert sink.dropped() == {"stderr": 0}
        logger.remove()


@pytest.mark.usefixtures("restored_logging")
def test_removal_writes_what_is_left_to_a_stream_without_descriptor() -> None:
    stream = io.StringIO()
    attach(LineSink(stream, json_line))
    logger.info("one")
    logger.info("two")
    logger.remove()
    assert messages(stream.getvalue()) == ["one", "two"]


@pytest.mark.usefixtures("restored_logging")
def test_credentials_are_masked_in_message_fields_and_exceptions() -> None:
    stream = io.StringIO()
    attach(LineSink(stream, json_line))
    try:
        raise ValueError("x-api-key: topsecret")
    except ValueError:
        logger.bind(model="sk-topsecret", headers={"authorization": "Bearer topsecret"}).exception("Bearer topsecret")
    logger.remove()
    assert "topsecret" not in stream.getvalue()
    fields = json.loads(stream.getvalue())
    assert (fields["message"], fields["model"]) == ("Bearer ***", "sk-***")


@pytest.mark.usefixtures("restored_logging")
def test_a_blocked_pipe_holds_nobody_up_and_what_does_not_fit_is_counted() -> None:
    reading, writing = os.pipe()
    text = bytearray()
    with os.fdopen(writing, "w") as stream:
        sink = LineSink(stream, json_line, capacity=1000)
        attach(sink)
        started = time.monotonic()
        for number in range(5000):  # some 500 kB, a pipe holds 64
            logger.info("line {}", number)
        assert time.monotonic() - started < 5
        dropped = sink.dropped()["stderr"]
        assert dropped > 0
        reader = threading.Thread(target=lambda: text.extend(_read_all(reading)))
        reader.start()
        logger.info("last")
        logger.remove()
        dropped = sink.dropped()["stderr"]
    reader.join(5)
    arrived = messages(text.decode())
    assert len(arrived) + dropped == 5001
    assert arrived == sorted(arrived, key=lambda line: 5001 if line == "last" else int(line.split()[1]))


@pytest.mark.usefixtures("restored_logging")
def test_a_pipe_that_nobody_made_blocking_gets_everything() -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    text = bytearray()
    reader = threading.Thread(target=lambda: text.extend(_read_all(reading)))
    with os.fdopen(writing, "w") as stream:
        attach(LineSink(stream, json_line))
        for number in range(2000):
            logger.info("line {}", number)
        reader.start()
        logger.remove()
    reader.join(5)
    assert len(messages(text.decode())) == 2000


@pytest.mark.usefixtures("restored_logging")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_reader_that_went_away_is_counted_and_raises_nothing() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as stream:
        sink = LineSink(stream, json_line)
        attach(sink)
        logger.info("nobody reads this")
        logger.remove()
    assert sink.dropped() == {"stderr": 1}


@pytest.mark.usefixtures("restored_logging")
def test_a_stream_that_nobody_else_holds_stays_open(tmp_path: Path) -> None:
    path = tmp_path / "log"
    attach(LineSink(path.open("w"), json_line))
    gc.collect()
    logger.info("still here")
    logger.remove()
    assert messages(path.read_text()) == ["still here"]


@pytest.mark.usefixtures("restored_logging")
def test_a_closed_files_number_is_not_written_to(tmp_path: Path) -> None:
    stream = (tmp_path / "log").open("w")
    sink = LineSink(stream, json_line)
    attach(sink)
    number = stream.fileno()
    stream.close()
    with (tmp_path / "other").open("w") as other:
        assert other.fileno() == number
        logger.info("lost")
        logger.remove()
    assert sink.dropped() == {"stderr": 1}
    assert (tmp_path / "other").read_text() == ""


@pytest.mark.usefixtures("restored_logging")
def test_a_closed_stream_is_counted_too() -> None:
    class Closed:
        def fileno(self) -> int:
            raise io.UnsupportedOperation

        def write(self, text: str) -> int:
            raise ValueError("I/O operation on closed file")

    sink = LineSink(cast(TextIO, Closed()), json_line, name="file")
    attach(sink)
    logger.info("lost")
    logger.remove()
    assert sink.dropped() == {"file": 1}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.usefixtures("restored_logging")
def test_a_forked_worker_gets_a_thread_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("w") as stream:
        attach(LineSink(stream, json_line))
        logger.info("parent")
        until(lambda: path.read_text().count("\n") == 1)
        child = os.fork()
        if child == 0:
            logger.info("child")
            logger.remove()
            os._exit(0)
        os.waitpid(child, 0)
        logger.remove()
    assert messages(path.read_text()) == ["parent", "child"]


def _read_all(descriptor: int) -> bytes:
    with os.fdopen(descriptor, "rb") as stream:
        data: Any = stream.read()
        return bytes(data)


@pytest.mark.usefixtures("restored_logging")
def test_what_is_written_at_once_is_whole_lines_that_a_pipe_keeps_together(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[bytes] = []
    write = os.write

    def remember(descriptor: int, data: bytes) -> int:
        if descriptor == end:
            written.append(bytes(data))
        return write(descriptor, data)

    reading, end = os.pipe()
    with os.fdopen(end, "w") as stream, os.fdopen(reading, "rb") as reader:
        attach(LineSink(stream, json_line))
        monkeypatch.setattr(os, "write", remember)
        for number in range(60):
            logger.info("{} {}", number, "\u00e9" * 200 if number % 2 else "e" * 400)
        logger.info("x" * 5000)
        logger.info("last")
        logger.remove()
        assert all(block.endswith(b"\n") for block in written)
        assert [len(block) > select.PIPE_BUF for block in written if block.count(b"\n") == 1] == [True, False]
        assert all(len(block) <= select.PIPE_BUF for block in written if block.count(b"\n") > 1)
        stream.close()
        assert [line.split(" ")[0] for line in messages(reader.read().decode())][-2:] == ["x" * 5000, "last"]


@pytest.mark.parametrize("line", [json_line, human_line])
@pytest.mark.usefixtures("restored_logging")
def test_the_short_way_makes_the_line_that_loguru_makes(line: LineFormat) -> None:
    event = finished(status=502, requested_model="sk-planted0123456789abcdef {0} {x}")
    stream = io.StringIO()
    sink = LineSink(stream, line, level=logger.level("WARNING").no, extra={"worker": 2})
    sink.request_finished(finished())
    sink.request_finished(event)
    sink.stop()
    (short,) = stream.getvalue().splitlines()

    stream = io.StringIO()
    attach(LineSink(stream, line))
    logger.bind(worker=2, **fields_of(event)).warning("request finished")
    logger.remove()
    (long,) = stream.getvalue().splitlines()
    assert short.partition("WARNING")[2] == long.partition("WARNING")[2] != ""
    assert short[:10] == long[:10]
    assert "sk-planted0123456789abcdef" not in short
