"""Price cards and golden cases of a valid document."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from tornado_gateway.config.source import Path, Source
from tornado_gateway.domain.money import PriceCard, Tier
from tornado_gateway.domain.peaks import OffPeak
from tornado_gateway.domain.usage import BUCKETS, TokenUsage, priced_tier

_RATES = (*BUCKETS, "image", "request", "batch", "priority")


class Expectation(msgspec.Struct, frozen=True):
    """A golden case: what ``usage`` of ``model`` (``provider/model``) must cost; ``at`` None means now."""

    path: Path
    model: str
    usage: TokenUsage
    cost: Decimal
    at: str | None


def entries(source: Source) -> Iterator[tuple[Path, str, Any]]:
    """Each card's place, its row's name and what the file says of it: a row holds one, or a list."""
    models = source.value["pricing"]["models"]
    for name, row in models.items():
        path: Path = ("pricing", "models", name)
        if not isinstance(row, list):
            yield path, name, row
            continue
        for index, card in enumerate(row):
            yield (*path, index), name, card


def cards(source: Source) -> Iterator[PriceCard]:
    """All cards in the file's order, a row's in that of their time."""
    rows: dict[str, list[PriceCard]] = {}
    for path, name, entry in entries(source):
        rows.setdefault(name, []).append(card(name, entry, source.key_position(path).line))
    for row in rows.values():
        yield from sorted(row, key=lambda each: each.valid_from or datetime.min.replace(tzinfo=UTC))


def card(name: str, entry: dict[str, Any], line: int | None = None) -> PriceCard:
    # A card without input and output is a free one: the crosscheck refuses any other.
    rates: dict[str, Any] = {"input": Decimal(0), "output": Decimal(0)}
    rates.update({key: Decimal(entry[key]) for key in _RATES if key in entry})
    tiers = [
        Tier(tier["above"], {bucket: Decimal(rate) for bucket, rate in tier.items() if bucket != "above"})
        for tier in entry.get("tiers", ())
    ]
    review = entry.get("review_by")
    return PriceCard(
        model=name,
        free=entry.get("free", False),
        line=line,
        tiers=tuple(sorted(tiers, key=lambda tier: tier.above)),
        marginal=entry.get("tier_mode") == "marginal",
        off_peak=_off_peak(entry.get("off_peak")),
        valid_from=moment(entry.get("valid_from")),
        valid_until=moment(entry.get("valid_until"), end=True),
        source=entry.get("source"),
        review_by=None if review is None else date.fromisoformat(review),
        **rates,
    )


def moment(text: str | None, *, end: bool = False) -> datetime | None:
    """A day or a moment as the latter, in UTC where nothing is said. ``end``: a day counts to its last second.

    The calendar's own end stands for whatever lies beyond it: 9999-12-31 is a way to say never. Raises ``ValueError``
    for a day that no calendar has.
    """
    if text is None:
        return None
    try:
        return _moment(text, end=end)
    except OverflowError:
        edge = datetime.max if text.startswith("9") else datetime.min
        return edge.replace(tzinfo=UTC)


def _moment(text: str, *, end: bool) -> datetime:
    if len(text) == len("2027-01-31"):
        first = datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
        return first + timedelta(days=1) if end else first
    at = datetime.fromisoformat(text.replace(" ", "T"))
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _off_peak(entry: dict[str, Any] | None) -> OffPeak | None:
    if entry is None:
        return None
    edges = [int(hour) * 60 + int(minute) for hour, minute in re.findall(r"(\d\d):(\d\d)", entry["hours"])]
    (start, end), *more = zip(edges[::2], edges[1::2], strict=True)
    return OffPeak(Decimal(entry["factor"]), start, end, entry.get("time_zone", "UTC"), tuple(more))


def expectations(source: Source) -> Iterator[Expectation]:
    """The golden cases of a document that the schema has accepted."""
    for index, entry in enumerate(source.value["pricing"].get("expect", ())):
        path: Path = ("pricing", "expect", index)
        usage = _usage(entry["usage"])
        yield Expectation(path, entry["model"], usage, Decimal(entry["cost"]), entry.get("at"))


def _usage(said: dict[str, Any]) -> TokenUsage:
    prompt = {
        name: said[name] for name in ("cached_input", "cache_write", "cache_write_1h", "audio_input") if name in said
    }
    completion = {name: said[name] for name in ("reasoning", "audio_output") if name in said}
    return TokenUsage(
        input=said.get("prompt_tokens", sum(prompt.values())) - sum(prompt.values()),
        output=said.get("completion_tokens", sum(completion.values())) - sum(completion.values()),
        images=said.get("images"),
        service_tier=priced_tier(said.get("service_tier")),
        **prompt,
        **completion,
    )
