"""What a new file would have done to past calls, as JSON."""

from decimal import Decimal
from typing import Any

from tornado_gateway.domain.money import EXACT
from tornado_gateway.domain.rerouting import Effect, Moved, Refused, Shares
from tornado_gateway.reports import repriced
from tornado_gateway.reports.numbers import number


def sums(effect: Effect) -> tuple[Decimal, Decimal]:
    """Then and now, of all that is still served; the latter is an estimate where something has moved."""
    total = effect.kept.total()
    old, new = total.old, total.new
    for moved in effect.moved.values():
        old, new = EXACT.add(old, moved.old), EXACT.add(new, moved.estimate)
    return old, new


def moved_most(effect: Effect) -> list[tuple[str, Moved]]:
    """By what changes most."""
    return sorted(effect.moved.items(), key=lambda item: (-abs(EXACT.subtract(item[1].estimate, item[1].old)), item[0]))


def refused_most(effect: Effect) -> list[tuple[str, Refused]]:
    """By what they cost."""
    return sorted(effect.refused.items(), key=lambda item: (-item[1].old, item[0]))


def as_document(effect: Effect) -> dict[str, Any]:
    kept = effect.kept
    old, new = sums(effect)
    return {
        "currency": "USD",
        "kept": {
            "total": repriced.entry(kept.total()),
            "by_model": repriced.as_document(kept, ["model"], [0])["groups"],
            "by_key": repriced.as_document(kept, ["key"], [1])["groups"],
            "unpriced": kept.unpriced,
        },
        "moved": [
            {
                "model": name,
                "before": _shares(moved.before),
                "after": _shares(moved.after),
                "requests": moved.requests,
                "first_priced": moved.first_priced,
                "unpriced": moved.unpriced,
                "old": number(moved.old),
                "estimate": number(moved.estimate),
            }
            for name, moved in moved_most(effect)
        ],
        "refused": [
            {
                "model": name,
                "requests": refused.requests,
                "unpriced": refused.unpriced,
                "old": number(refused.old),
            }
            for name, refused in refused_most(effect)
        ],
        "served": {"old": number(old), "new": number(new), "difference": number(EXACT.subtract(new, old))},
    }


def _shares(shares: Shares) -> list[dict[str, Any]]:
    return [{"provider": provider, "model": model, "weight": weight} for provider, model, weight in shares]
