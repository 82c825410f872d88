"""Responses streams as callers read them: relayed events as they came, translated ones typed and numbered.

Wire: OpenAI API reference, "Streaming events". There is no end mark but the event that holds the whole response.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from tornado_gateway.domain.chat import FinishReason
from tornado_gateway.domain.errors import GatewayError
from tornado_gateway.domain.stream import (
    Finished,
    ImageDelta,
    ReasoningDelta,
    RefusalDelta,
    Relayed,
    Started,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    UsageReport,
)
from tornado_gateway.httpserver.dialects.costing import frame_with_cost
from tornado_gateway.httpserver.dialects.openai_stream import TIERS
from tornado_gateway.httpserver.dialects.responses_answer import ending, frame_of, usage_document
from tornado_gateway.httpserver.dialects.responses_open_items import OpenItems, Tell

_NUMBER = re.compile(rb'"sequence_number"\s*:\s*(\d+)')


class ResponsesStreamEncoder:
    """One stream. ``request`` gives the caller's own members, which a translated response repeats."""

    def __init__(self, request: Callable[[], Mapping[str, Any]], model: str, created: int) -> None:
        self._request = request
        self._model = model
        self._created = created
        self._number = 0
        self._relayed: bytes | None = None
        self._response: dict[str, Any] = {}
        self._items = OpenItems("")
        self._finish: FinishReason = "stop"
        self._refused = False
        self._report: UsageReport | None = None

    def encode(self, events: Sequence[StreamEvent]) -> bytes:
        # The relay lane's usual batch: one run of bytes.
        if len(events) == 1 and type(events[0]) is Relayed:
            self._relayed = events[0].data
            return self._relayed
        return b"".join([self._event(event) for event in events])

    def close(self) -> bytes:
        if self._relayed is not None:
            return b""
        start = b"" if self._response else self._begin("", self._model, None)
        ended = ending(self._finish, refused=self._refused)
        rest = self._tell(self._items.close("incomplete" if ended["status"] == "incomplete" else "completed"))
        response = {**self._response, "output": self._items.done, **ended}
        if self._report is not None:
            response["usage"] = usage_document(self._report.usage, self._report.cost)
            if self._report.usage.service_tier in TIERS:
                response["service_tier"] = self._report.usage.service_tier
        kind = f"response.{response['status']}"
        return start + rest + self._tell([(kind, {"response": response})])

    def fail(self, error: GatewayError, request_id: str) -> bytes:
        """In OpenAI's words, and once more as a flat event: clients look for one or the other."""
        if self._relayed is not None:
            numbers = _NUMBER.findall(self._relayed)
            self._number = int(numbers[-1]) + 1 if numbers else 0
        said = {"code": error.code, "message": error.message, "param": error.param}
        return self._tell([("error", {**said, "error": {"type": error.type, **said}})])

    def _event(self, event: StreamEvent) -> bytes:
        match event:
            case Relayed():
                self._relayed = event.data
                return event.data
            case UsageReport():
                return self._usage(event)
            case Started():
                return self._begin(event.id, event.model, event.created)
            case Finished():
                self._finish = event.reason
                return b""
        start = b"" if self._response else self._begin("", self._model, None)
        return start + self._tell(self._say(event))

    def _say(self, event: StreamEvent) -> list[Tell]:
        match event:
            case TextDelta():
                return self._items.text(event)
            case RefusalDelta():
                self._refused = True
                return self._items.refusal(event)
            case ReasoningDelta():
                return self._items.thought(event)
            case ToolCallDelta():
                return self._items.call(event)
            case ImageDelta():
                return self._items.image(event)
        return []

    def _usage(self, report: UsageReport) -> bytes:
        self._report = report
        if report.frame is None:
            return b""
        self._relayed = report.frame
        return frame_with_cost(report.frame, report.cost, within="response")

    def _begin(self, identity: str, model: str, created: int | None) -> bytes:
        if self._response:
            return b""
        request = self._request()
        self._response = frame_of(
            request,
            identity=identity,
            model=model or self._model,
            created=created or self._created,
        )
        self._items = OpenItems(self._response["id"], _custom(request))
        opened = {"response": self._response}
        return self._tell([("response.created", opened), ("response.in_progress", opened)])

    def _tell(self, told: Sequence[Tell]) -> bytes:
        parts = []
        for kind, members in told:
            document = {"type": kind, "sequence_number": self._number, **members}
            self._number += 1
            parts.append(b"event: %s\ndata: %s\n\n" % (kind.encode(), msgspec.json.encode(document)))
        return b"".join(parts)


def _custom(request: Mapping[str, Any]) -> frozenset[str]:
    """Names of the tools whose input is free text: a delta does not tell."""
    return frozenset(str(tool.get("name")) for tool in request.get("tools") or () if tool.get("type") == "custom")
