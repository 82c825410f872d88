"""Traces: to which trace a call belongs and what was tried for it. Ids are made here, on the request's path; spans are
made of them later and elsewhere.

Wire: W3C Trace Context, "traceparent Header Field Values": version, trace id, parent id and flags, all in hex.
"""

import re
from collections.abc import Iterable
from random import getrandbits
from typing import NamedTuple

import msgspec

from tornado_gateway.domain.call import Answer, ModelCall
from tornado_gateway.domain.captured import Captured
from tornado_gateway.domain.stream import Relayed, Started, StreamEvent, UsageReport

SAMPLED = 1
"""The flag of a trace that is kept."""

CANCELLED = "cancelled"
"""How a try ended that nobody waited for any longer."""

_MODEL = re.compile(rb'"model"\s*:\s*"([^"\\]{1,256})"')
_GLANCE_BYTES = 4096
_ALL = 2**64
_CALLS = 64
"""Whose ids are made in one go: alone among all that a call does, they would take five times as long."""
_ID_BYTES = 32
_SOME = int.from_bytes((b"\x80" + bytes(15) + b"\x80" + bytes(7) + b"\x80" + bytes(7)) * _CALLS, "big")
"""A bit of each id: zeros alone are none."""


class Address(NamedTuple):
    """Where a call was sent; ``port`` is None where nothing says it."""

    host: str
    port: int | None


class AttemptTrace(msgspec.Struct, gc=False):
    """One try at one target. Times are on the monotonic clock; one that has not ended lasts as long as its call."""

    traceparent: str
    """The header by which a provider's own spans become children of this one."""
    route: str
    provider: str
    model: str
    endpoint: int
    started: float
    ended: float | None = None
    error: str | None = None
    address: Address | None = None

    @property
    def span_id(self) -> str:
        return self.traceparent[36:52]

    def end(self, now: float, error: str) -> None:
        self.ended = now
        self.error = error


class CallTrace(msgspec.Struct, gc=False):
    """A call that is traced. Ids are in hex, as headers have them; ``received`` is on the monotonic clock.

    ``ids`` are the trace's (32 digits), the call's own and the first try's (16 each), made in one go. ``parent_id`` is
    the caller's span, None where the trace begins here.
    """

    ids: str
    parent_id: str | None
    flags: str
    received: float
    attempts: list[AttemptTrace] = []
    named: bytes | None = None
    """The JSON of the model's name in the provider's answer."""
    captured: Captured | None = None
    """None unless prompts and answers are asked for."""

    @property
    def model(self) -> str | None:
        """As the provider names it in its answer."""
        return model_of(self.named)

    @property
    def trace_id(self) -> str:
        return self.ids[:32]

    @property
    def span_id(self) -> str:
        return self.ids[32:48]

    def attempt(self, route: str, provider: str, model: str, endpoint: int, now: float) -> AttemptTrace:
        """Another try begins."""
        ids = self.ids
        span_id = ids[48:] if not self.attempts else f"{getrandbits(64) | 1 << 63:016x}"
        parent = f"00-{ids[:32]}-{span_id}-{self.flags}"
        made = AttemptTrace(parent, route, provider, model, endpoint, now)
        self.attempts.append(made)
        return made

    def told(self) -> None:
        """Whoever tells of the call has done so: all of it is given up, for the call's event may wait for others much
        longer, and what is freed late is no longer in any cache."""
        self.ids = ""
        self.named = None
        self.attempts.clear()
        self.captured = None

    def asked(self, call: ModelCall) -> None:
        """The call goes on as ``call``; what it was before is nobody's to see."""
        if self.captured is not None and not self.captured.cut:
            self.captured.call = call

    def answered(self, answer: Answer) -> None:
        """A whole answer came."""
        if answer.chat is not None:
            self.named = msgspec.json.encode(answer.chat.model)
        elif answer.relayed is not None and (raw := answer.relayed.fields.get("model")) is not None:
            self.named = bytes(raw)  # a copy: the whole answer is not to wait for whoever tells of it
        if self.captured is not None:
            self.captured.answer = answer

    def opened(self, events: Iterable[StreamEvent]) -> None:
        """A stream has begun with ``events``."""
        for event in events:
            if isinstance(event, Started):
                self.named = msgspec.json.encode(event.model)
                return
            data = event.data if isinstance(event, Relayed) else event.frame if isinstance(event, UsageReport) else None
            found = None if data is None else _MODEL.search(data, 0, _GLANCE_BYTES)
            if found is not None:
                self.named = msgspec.json.encode(found[1].decode(errors="replace"))
                return


class Tracing:
    """Says of each call whether it is traced. ``ratio`` of the traces that begin here are, and of those that come from
    a caller the ones that are sampled there; ``capture`` keeps prompts and answers."""

    def __init__(self, *, ratio: float = 1.0, capture: bool = False) -> None:
        # By the id, as SDKs do it: services that keep less keep a part of what those keep that keep more.
        self._bound = round(ratio * _ALL)
        self._capture = capture
        self._ids: list[str] = []

    def begin(self, traceparent: str | None, call: ModelCall | None, received: float) -> CallTrace | None:
        """``traceparent`` is the caller's, of the right form; None for a call that is not traced."""
        if traceparent is not None and not int(traceparent[53:55], 16) & SAMPLED:
            return None
        ids = self._ids.pop() if self._ids else self._more()
        if traceparent is None:
            if self._bound < _ALL and int(ids[16:32], 16) >= self._bound:
                return None
            made = CallTrace(ids, None, "01", received)
        else:
            made = CallTrace(traceparent[3:35] + ids[32:], traceparent[36:52], traceparent[53:55], received)
        if self._capture and call is not None:
            made.captured = Captured(call)
            made.captured.call = None  # until it is let in, as what the rules have made of it
        return made

    def _more(self) -> str:
        """The ids of a call, and those of the next ones to come."""
        made = (getrandbits(8 * _ID_BYTES * _CALLS) | _SOME).to_bytes(_ID_BYTES * _CALLS, "big").hex()
        self._ids = [made[at : at + 2 * _ID_BYTES] for at in range(0, len(made), 2 * _ID_BYTES)]
        return self._ids.pop()


def model_of(named: bytes | None) -> str | None:
    """The model's name of its JSON, None where that is no text: a provider's answer is looked into no further than is
    needed, and this may be garbled."""
    try:
        value = None if named is None else msgspec.json.decode(named)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return value if isinstance(value, str) else None
