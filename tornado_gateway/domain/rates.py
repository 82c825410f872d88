"""How much a caller may still ask for, as headers tell it: the tightest of all that it is bound by."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:  # a request's context holds rates, and counters know of it by way of the ports
    from tornado_gateway.domain.counters import Standing


class Rate(msgspec.Struct, frozen=True, gc=False):
    """``what`` is requests or tokens; ``reset`` is in seconds, until nothing is counted any more."""

    what: str
    limit: int
    remaining: int
    reset: float


def rates(standings: Iterable["Standing"]) -> tuple[Rate, ...]:
    """One of each kind that is limited."""
    tightest: dict[str, Rate] = {}
    for standing in standings:
        what = standing.claim.what
        if what not in ("requests", "tokens"):
            continue
        found = Rate(what, standing.claim.limit, standing.remaining, standing.reset)
        known = tightest.get(what)
        if known is None or (found.remaining, -found.reset) < (known.remaining, -known.reset):
            tightest[what] = found
    return tuple(tightest.values())
