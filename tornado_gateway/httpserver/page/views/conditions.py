"""How a target or a route does, as a colour and in words: whoever sees no colour reads the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tornado_gateway.httpserver.page.formats import percent, seconds

Level = Literal["good", "idle", "warn", "bad", "off"]

_MANY = 0.5
_SOME = 0.05
"""Shares of failed calls from which a target is in trouble, and from which it is worth a look."""


@dataclass(frozen=True, slots=True)
class Condition:
    level: Level
    words: str


def of_target(target: Mapping[str, Any]) -> Condition:
    """Of a target as ``GET routes`` tells it."""
    if not target["configured"]:
        return Condition("off", "not configured: no provider key")
    if target["circuit"] == "open":
        rests = [each["retry_in"] for each in target["endpoints"] if each["retry_in"] is not None]
        rest = f", asked again in {seconds(min(rests))}" if rests else ""
        return Condition("bad", f"circuit open{rest}")
    if target["circuit"] == "half_open":
        return Condition("warn", "circuit half open: one call tries")
    ratio = target["error_ratio"]
    if ratio is None:
        return Condition("idle", "no calls lately")
    calls, failures = target["calls"], target["failed"]
    failed = f"{percent(failures, calls)} of {calls:,} failed" if failures else "no call failed"
    if ratio >= _MANY:
        return Condition("bad", failed)
    return Condition("warn" if ratio >= _SOME else "good", failed)


def of_route(targets: Sequence[Condition]) -> Condition:
    """Of a route by its targets': the best of them serves, and the worst is worth a look."""
    levels = [each.level for each in targets]
    if all(level == "off" for level in levels):
        return Condition("off", "not configured")
    trouble = sum(level in ("bad", "off") for level in levels)
    if trouble == len(levels):
        return Condition("bad", "in trouble")
    if trouble:
        return Condition("warn", f"{trouble} of {counted(len(levels), 'target')} can't serve")
    if "warn" in levels:
        return Condition("warn", "worth a look")
    return Condition("good", "healthy") if "good" in levels else Condition("idle", "no calls lately")


def counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
