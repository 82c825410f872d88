"""The price table: every card with its line, where its figures are from and until when they hold."""

import asyncio
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from tornado_gateway.admin.documents import told
from tornado_gateway.admin.parameters import Parameters
from tornado_gateway.config.build import Loaded
from tornado_gateway.config.reload import Reloader
from tornado_gateway.domain.administration import Asked, Told
from tornado_gateway.domain.money import PriceCard
from tornado_gateway.domain.ports import Clock
from tornado_gateway.domain.snapshot import SnapshotHolder
from tornado_gateway.pricelist.catalog import NoCatalog, open_catalog
from tornado_gateway.pricelist.survey import Survey
from tornado_gateway.reports.numbers import number

_RATES = (
    *("input", "output", "cached_input", "cache_write", "cache_write_1h", "audio_input", "reasoning", "audio_output"),
    *("image", "request", "batch", "priority"),
)


class Prices:
    def __init__(self, *, snapshots: SnapshotHolder, reloader: Reloader, clock: Clock) -> None:
        self._snapshots = snapshots
        self._reloader = reloader
        self._clock = clock
        self._known: tuple[tuple[str, date], dict[str, Any]] | None = None

    async def answer(self, asked: Asked) -> Told:
        """With ``drift=true`` compared with the public list, which takes a second or two when it is first asked for."""
        now = self._clock.now()
        drift = Parameters(asked, ("drift",), now).flag("drift")
        table = self._snapshots.current.prices
        cards = sorted(table, key=lambda card: (card.line or 0, card.model))
        document = {
            "currency": "USD",
            "unit": "per_1k_tokens",
            "allow_unpriced": table.allow_unpriced,
            "cards": [_card(card, now) for card in cards],
            "drift": await self._drift(now) if drift else None,
        }
        return told(document)

    async def _drift(self, now: datetime) -> dict[str, Any]:
        loaded = self._reloader.loaded
        key = loaded.revision, now.date()
        known = self._known
        if known is None or known[0] != key:
            known = self._known = key, await asyncio.to_thread(_compare, loaded, now)
        return known[1]


def _compare(loaded: Loaded, now: datetime) -> dict[str, Any]:
    try:
        catalog = open_catalog()
    except NoCatalog as missing:
        return {"list": None, "missing": str(missing), "rows": []}
    rows = [
        {
            "row": finding.row,
            "line": finding.line,
            "verdict": finding.verdict,
            "note": finding.note,
            "differences": [
                {
                    "listed": one.listed,
                    "price": each.what,
                    "file": _figure(each.ours),
                    "list": _figure(each.theirs),
                    "since": each.since,
                }
                for one in finding.compared
                for each in one.differences
            ],
        }
        for finding in Survey(catalog, loaded.settings, now).findings()
    ]
    return {"list": catalog.source, "missing": None, "rows": rows}


def _figure(value: Decimal | str) -> Any:
    return value if isinstance(value, str) else number(value)


def _card(card: PriceCard, now: datetime) -> dict[str, Any]:
    rates = {name: getattr(card, name) for name in _RATES}
    return {
        "model": card.model,
        "line": card.line,
        "free": card.free,
        "rates": {name: number(rate) for name, rate in rates.items() if rate is not None},
        "tiers": [
            {"above": tier.above, "rates": {name: number(rate) for name, rate in tier.rates.items()}}
            for tier in card.tiers
        ],
        "marginal": card.marginal,
        "off_peak": None
        if card.off_peak is None
        else {
            "factor": number(card.off_peak.factor),
            "hours": card.off_peak.hours,
            "time_zone": card.off_peak.time_zone,
        },
        "source": card.source,
        "valid_from": card.valid_from,
        "valid_until": card.valid_until,
        "state": _state(card, now),
        "review_by": card.review_by,
        "review_due": card.review_by is not None and card.review_by <= now.date(),
    }


def _state(card: PriceCard, now: datetime) -> str:
    if card.valid_until is not None and card.valid_until <= now:
        return "past"
    return "current" if card.valid(now) else "future"
