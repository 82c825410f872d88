"""Sets up the log: loguru with one sink, and the standard library's loggers led into it."""

import logging
import sys
from typing import Literal, TextIO

from loguru import logger

from tornado_gateway.observability.lines import coloured_line, human_line, json_line
from tornado_gateway.observability.sink import LineFormat, LineSink

LogFormat = Literal["json", "human"]

_TALKATIVE = ("httpx", "httpcore", "asyncio", "tornado.general")
"""Their INFO is a line a request or a start-up detail. Tornado's quotes what malformed headers hold, keys among it."""


def configure(
    level: str = "INFO",
    format: LogFormat = "json",  # noqa: A002
    sink: TextIO | None = None,
    worker: int | None = None,
) -> LineSink:
    """Replaces whatever logging was set up; ``sink`` is stderr unless given. Call it once in each process.

    ``worker`` is a field of every line of one of several.

    Raises ``ValueError`` for a level that loguru does not know. The sink that comes back tells how many lines were
    lost; loguru stops it at exit.
    """
    number = logger.level(level.upper()).no
    stream = sys.stderr if sink is None else sink
    extra = {} if worker is None else {"worker": worker}
    lines = LineSink(stream, _line_format(format, stream), level=number, extra=extra)
    # A plain format: the sink makes the line from the record. catch=False: loguru's own report of a failing sink
    # prints the record to stderr, unmasked.
    logger.configure(
        handlers=[{"sink": lines, "level": number, "format": _nothing, "colorize": False, "catch": False}],
        extra=extra,
    )
    logging.basicConfig(handlers=[InterceptHandler()], level=number, force=True)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(max(number, logging.WARNING))
    # A finished request has a better line than Tornado's; the rest of its access log helps in debugging only.
    logging.getLogger("tornado.access").setLevel(logging.NOTSET if number <= logging.DEBUG else logging.CRITICAL)
    return lines


class InterceptHandler(logging.Handler):
    """Passes the standard library's records on to loguru under the field ``logger``."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            level: str | int = logger.level(record.levelname).name
        except ValueError:
            level = record.levelno
        try:
            logger.bind(logger=record.name).opt(exception=record.exc_info).log(level, record.getMessage())
        except Exception:
            # The standard handleError prints arguments to stderr, unmasked and blocking.
            logger.bind(logger=record.name).error("a log call of this logger failed")


def _line_format(format: LogFormat, stream: TextIO) -> LineFormat:  # noqa: A002
    if format == "json":
        return json_line
    return coloured_line if stream.isatty() else human_line


def _nothing(_record: object) -> str:
    return ""
