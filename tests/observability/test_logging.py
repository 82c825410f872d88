import io
import json
import logging
import subprocess
import sys
from typing import Any

import pytest
from loguru import logger

from tornado_gateway.observability.logging import configure

pytestmark = pytest.mark.usefixtures("restored_logging")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def logged(stream: io.StringIO) -> list[dict[str, Any]]:
    logger.remove()  # which writes what is left
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_json_from_the_level_on() -> None:
    stream = io.StringIO()
    configure("WARNING", "json", stream)
    logger.info("no")
    logger.warning("yes")
    assert [line["message"] for line in logged(stream)] == ["yes"]


def test_level_in_small_letters_and_an_unknown_one() -> None:
    stream = io.StringIO()
    configure("error", "json", stream)
    logger.warning("no")
    assert logged(stream) == []
    with pytest.raises(ValueError, match="LOUD"):
        configure("LOUD")


def test_human_has_colour_on_a_terminal_only() -> None:
    for stream in (io.StringIO(), Terminal()):
        configure("INFO", "human", stream)
        logger.error("bad")
        logger.remove()
        assert "ERROR    bad" in stream.getvalue()
        assert ("\x1b[" in stream.getvalue()) is stream.isatty()


def test_json_has_no_colour_on_a_terminal_either() -> None:
    stream = Terminal()
    configure("INFO", "json", stream)
    logger.error("bad")
    assert logged(stream)[0]["message"] == "bad"


def test_configuring_again_replaces_and_loses_nothing() -> None:
    first, second = io.StringIO(), io.StringIO()
    configure("INFO", "json", first)
    logger.info("one")
    configure("INFO", "json", second)
    logging.getLogger("other").warning("two")
    assert [line["message"] for line in logged(second)] == ["two"]
    assert [json.loads(line)["message"] for line in first.getvalue().splitlines()] == ["one"]


def test_standard_loggers_arrive_with_name_level_and_exception() -> None:
    stream = io.StringIO()
    configure("INFO", "json", stream)
    log = logging.getLogger("tornado.application")
    try:
        raise KeyError("gone")
    except KeyError:
        log.exception("Uncaught %s {braces} <red>", "thing")
    log.debug("below the level")
    line, *rest = logged(stream)
    assert rest == []
    assert (line["logger"], line["level"]) == ("tornado.application", "ERROR")
    assert line["message"] == "Uncaught thing {braces} <red>"
    assert line["exception"].endswith("KeyError: 'gone'\n")


def test_standard_levels_that_loguru_does_not_know() -> None:
    stream = io.StringIO()
    configure("INFO", "json", stream)
    logging.getLogger("x").log(35, "odd")
    assert logged(stream)[0]["message"] == "odd"


def test_a_broken_log_call_is_reported_without_its_arguments() -> None:
    stream = io.StringIO()
    configure("INFO", "json", stream)
    logging.getLogger("x").error("%d tokens", "the prompt")
    (line,) = logged(stream)
    assert line["logger"] == "x"
    assert "prompt" not in json.dumps(line)


def test_credentials_of_libraries_are_masked() -> None:
    stream = io.StringIO()
    configure("INFO", "json", stream)
    logging.getLogger("some.library").error("headers %s", {"Authorization": "Bearer topsecret"})
    assert logged(stream)[0]["message"] == "headers {'Authorization': 'Bearer ***'}"


@pytest.mark.parametrize(("level", "expected"), [("INFO", []), ("DEBUG", ["200 GET /health", "500 GET /"])])
def test_tornados_access_log_is_for_debugging(level: str, expected: list[str]) -> None:
    stream = io.StringIO()
    configure(level, "json", stream)
    logging.getLogger("tornado.access").info("200 GET /health")
    logging.getLogger("tornado.access").error("500 GET /")
    logging.getLogger("httpx").info("HTTP Request: POST")
    assert [line["message"] for line in logged(stream)] == expected


def test_the_default_is_stderr_flushed_at_exit() -> None:
    code = "from tornado_gateway.observability.logging import configure\nfrom loguru import logger\n"
    code += "configure()\nlogger.info('bye')\n"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=30)
    assert json.loads(done.stderr)["message"] == "bye"
    assert done.stdout == b""


def test_a_process_whose_stderr_nobody_reads_still_ends() -> None:
    code = "from tornado_gateway.observability.logging import configure\nfrom loguru import logger\n"
    code += "configure()\nfor _ in range(3000): logger.info('x' * 100)\nprint('done', flush=True)\n"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"done\n"
        assert process.wait(timeout=30) == 0


def test_one_of_several_workers_says_its_number_in_every_line() -> None:
    stream = io.StringIO()
    configure("INFO", "json", stream, worker=2)
    logger.bind(route="gpt-4").info("ours")
    logging.getLogger("somebody").warning("theirs")
    assert [line["worker"] for line in logged(stream)] == [2, 2]
    alone = io.StringIO()
    configure("INFO", "json", alone)
    logger.info("ours")
    assert "worker" not in logged(alone)[0]
