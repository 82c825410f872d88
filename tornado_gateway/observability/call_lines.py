"""The line that a call's end makes, its fields, and its JSON put together of what many calls have in common.

There is one of them for each request: encoded as a whole and looked through for credentials it took four times as long.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import msgspec
from loguru import logger

from tornado_gateway.domain.events import RequestFinished
from tornado_gateway.domain.remembered import Remembered
from tornado_gateway.observability.lines import json_line
from tornado_gateway.observability.redact import redact

if TYPE_CHECKING:
    from loguru import Record

MESSAGE = "request finished"

_OWN = (
    *("request_id", "prompt_tokens", "completion_tokens", "cost"),
    *("duration_ms", "upstream_ms", "overhead_ms", "ttft_ms"),
)
"""The fields, in the line's order, that are each call's own."""
_REMEMBERED = 1024
"""Forms of lines: a caller's text may be in them."""
_PLACE = "\x1a"
"""Stands in no JSON as it is."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def level_of(event: RequestFinished) -> str:
    return "WARNING" if event.status >= 500 else "INFO"


def fields_of(event: RequestFinished) -> dict[str, Any]:
    usage, cost = event.usage, event.cost
    fields = {
        "request_id": event.request_id,
        "dialect": event.dialect,
        "streaming": event.streaming,
        "route": event.route,
        "provider": event.provider,
        "model": event.model,
        "requested_model": event.requested_model,
        "status": event.status,
        "error": event.error,
        "attempts": event.attempts,
        "prompt_tokens": None if usage is None else usage.prompt_tokens,
        "completion_tokens": None if usage is None else usage.completion_tokens,
        "cost": None if cost is None else cost.amount,
        "estimated": _estimated(event),
        "duration_ms": _milliseconds(event.duration),
        "upstream_ms": _milliseconds(event.upstream),
        "overhead_ms": _milliseconds(event.overhead),
        "ttft_ms": None if event.time_to_first_token is None else _milliseconds(event.time_to_first_token),
        "finish_reason": event.finish_reason,
        "principal": event.principal,
        "revision": event.revision,
    }
    if event.cache is not None:
        fields["cache"] = event.cache
    return fields


class CallLines:
    """``extra`` are the fields of every line. Used from one thread."""

    def __init__(self, extra: Mapping[str, Any]) -> None:
        self._extra = extra
        self._forms: Remembered[tuple[Any, ...], str] = Remembered(_REMEMBERED)

    def line(self, event: RequestFinished, at: datetime) -> str:
        """What ``json_line`` makes of ``fields_of``; ``at`` is in UTC."""
        usage, cost, first = event.usage, event.cost, event.time_to_first_token
        key = (
            event.dialect,
            event.streaming,
            event.route,
            event.provider,
            event.model,
            event.requested_model,
            event.status,
            event.error,
            event.attempts,
            _estimated(event),
            event.finish_reason,
            event.principal,
            event.revision,
            event.cache,
        )
        form = self._forms.get(key)
        if form is None:
            form = self._forms.keep(key, self._form(event))
        return form % (
            at.isoformat()[:-6],
            redact(event.request_id),
            "null" if usage is None else usage.prompt_tokens,
            "null" if usage is None else usage.completion_tokens,
            "null" if cost is None else cost.digits,
            _milliseconds(event.duration),
            _milliseconds(event.upstream),
            _milliseconds(event.overhead),
            "null" if first is None else _milliseconds(first),
        )

    def _form(self, event: RequestFinished) -> str:
        """The line, to be completed by ``%`` with the moment and what is in ``_OWN``."""
        places = {name: msgspec.Raw(_PLACE.encode()) for name in _OWN}
        record = {
            "time": _EPOCH,
            "level": logger.level(level_of(event)),
            "message": MESSAGE,
            "extra": {**self._extra, **fields_of(event), **places},
            "exception": None,
        }
        line = redact(json_line(cast("Record", record)))
        text = line.replace("%", "%%").replace(f'"request_id":{_PLACE}', f'"request_id":"{_PLACE}"')
        return text.replace("1970-01-01T00:00:00", _PLACE, 1).replace(_PLACE, "%s")


def _estimated(event: RequestFinished) -> bool:
    usage, cost = event.usage, event.cost
    return (usage is not None and usage.estimated) or (cost is not None and cost.estimated)


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 3)
