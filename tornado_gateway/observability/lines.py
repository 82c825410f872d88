"""A log record as one line of text: JSON for machines, aligned words for people. Pure."""

import json
import traceback
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from tornado_gateway.domain.money import decimal_digits

if TYPE_CHECKING:
    from loguru import Record

_ENCODER = msgspec.json.Encoder(enc_hook=str)

_COLOURS = {
    "WARNING": "\x1b[33m",
    "ERROR": "\x1b[31m",
    "CRITICAL": "\x1b[1;31m",
    "DEBUG": "\x1b[2m",
    "TRACE": "\x1b[2m",
}
_PLAIN = "\x1b[0m"


def json_line(record: "Record") -> str:
    """One JSON object and a newline: ``time`` (RFC 3339, UTC), ``level``, ``message``, then the record's fields.

    Decimals are numbers with all their digits. An exception goes into ``exception``, its traceback in one string.
    """
    time: datetime = record["time"]
    if type(time) is not datetime or time.tzinfo is not UTC:
        # Not astimezone: loguru's times are of a class of its own, which msgspec does not take for a datetime.
        time = datetime.fromtimestamp(time.timestamp(), UTC)
    extra = record["extra"]
    fields: dict[str, Any] = {
        "time": time,
        "level": record["level"].name,
        "message": record["message"],
        **extra,
    }
    for name, value in extra.items():
        if type(value) is Decimal:
            fields[name] = msgspec.Raw(decimal_digits(value).encode())
    if record["exception"] is not None:
        fields["exception"] = _exception_text(record)
    try:
        return _ENCODER.encode(fields).decode() + "\n"
    except (UnicodeEncodeError, TypeError, ValueError):  # lone surrogates, odd keys: rare enough for the slow way
        return json.dumps(_stringified(fields)) + "\n"


def human_line(record: "Record") -> str:
    """``2026-01-15 10:30:00.123Z INFO     message  name=value ...``; what does not fit in a line follows indented."""
    time = record["time"].astimezone(UTC)
    head = f"{time:%Y-%m-%d %H:%M:%S}.{time.microsecond // 1000:03d}Z {record['level'].name:<8} "
    pairs: list[str] = []
    below: list[str] = []
    for name, value in record["extra"].items():
        if value is None:
            continue
        if isinstance(value, tuple | list):
            below += [f"{name}: {item}" for item in value]
            continue
        pairs.append(f"{name}={_shown(value)}")
    if record["exception"] is not None:
        below.append(_exception_text(record).rstrip())
    first = f"{head}{_continued(record['message'])}  {' '.join(pairs)}".rstrip()
    return "\n    ".join([first, *map(_continued, below)]) + "\n"


def coloured_line(record: "Record") -> str:
    """``human_line`` for a terminal: warnings and worse stand out."""
    line = human_line(record)
    colour = _COLOURS.get(record["level"].name)
    return f"{colour}{line[:-1]}{_PLAIN}\n" if colour else line


def _shown(value: object) -> str:
    if type(value) is Decimal:
        return decimal_digits(value)
    text = str(value)
    if text and text.isprintable() and " " not in text and '"' not in text and "=" not in text:
        return text
    return json.dumps(text)


def _continued(text: str) -> str:
    """Further lines indented and control characters escaped: no text of a caller's can look like a line of ours."""
    lines = text.split("\n")
    return "\n    ".join(line if line.isprintable() else line.encode("unicode_escape").decode() for line in lines)


def _exception_text(record: "Record") -> str:
    """The traceback as Python prints it. loguru's own would show the variables' values, keys and prompts among them."""
    caught = record["exception"]
    if caught is None or caught.value is None:
        return ""
    return "".join(traceback.format_exception(caught.type, caught.value, caught.traceback))


def _stringified(fields: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(name): _plain(value) for name, value in fields.items()}


def _plain(value: object) -> object:
    if isinstance(value, str | int | float | bool | None):
        return value
    if isinstance(value, msgspec.Raw):
        return bytes(value).decode()
    if isinstance(value, Iterable) and not isinstance(value, bytes):
        return [str(item) for item in value]
    return str(value)
