"""One price of the public list in the words of a row: USD per 1,000 tokens by bucket, exact. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from tornado_gateway.domain.money import EXACT, PARENT

if TYPE_CHECKING:
    from genai_prices.types import ModelPrice

Steps = tuple[tuple[int, Decimal], ...]
"""Prices by the prompt's length: the first from 0 on, each other above its bound."""

_NAMES: Final = {
    "input_mtok": "input",
    "output_mtok": "output",
    "cache_read_mtok": "cached_input",
    "cache_write_mtok": "cache_write",
    "cache_write_1h_mtok": "cache_write_1h",
    "input_audio_mtok": "audio_input",
    "output_audio_mtok": "audio_output",
    "output_reasoning_mtok": "reasoning",
    "requests_kcount": "request",
}
"""The list's names for what a row has a word for: all are for a thousand of what the row's are for one."""

_COUNTED_AS: Final = {
    "cache_audio_read_mtok": ("cached_input", "cached audio"),
    "cache_image_read_mtok": ("cached_input", "cached images"),
    "input_image_mtok": ("input", "images in a prompt"),
    "input_video_mtok": ("input", "video in a prompt"),
    "output_image_mtok": ("output", "images in an answer"),
    "output_video_mtok": ("output", "video in an answer"),
    "output_citation_mtok": ("output", "citations"),
}
"""Tokens without a bucket of their own: the one that they are counted in, and what they are called."""

_OTHER_UNITS: Final = {
    "web_searches_kcount": "web searches",
    "storage_searches_kcount": "file searches",
    "audio_hours": "the hour of audio",
    "input_audio_hours": "the hour of audio",
    "input_mchars": "the character",
    "input_document_kpages": "the page",
    "input_annotated_document_kpages": "the annotated page",
    "input_text_messages_kcount": "the message",
}

_MAX_DIGITS: Final = 24
"""Behind the point of a factor, as the file may write it."""


@dataclass(frozen=True, slots=True)
class Rates:
    """``steps`` by a row's own names; ``unsaid`` is what else has a price that no row can say."""

    steps: Mapping[str, Steps]
    unsaid: tuple[str, ...] = ()


def rates_of(price: "ModelPrice") -> Rates:
    """All that ``price`` holds."""
    prices = {name: _steps(value) for name, value in vars(price).items() if value is not None}
    steps = {_NAMES[name]: value for name, value in prices.items() if name in _NAMES}
    unsaid: dict[str, None] = {}
    for name, value in prices.items():
        if name in _COUNTED_AS:
            bucket, called = _COUNTED_AS[name]
            if value != _standing(steps, bucket):
                unsaid[called] = None
        elif name not in _NAMES:
            unsaid[_OTHER_UNITS.get(name, name.replace("_", " "))] = None
    return Rates(steps, tuple(unsaid))


def factor(rates: Rates, usual: Rates) -> Decimal | None:
    """What makes every price of ``usual`` the one of ``rates``; None where no single exact number does."""
    if rates.steps.keys() != usual.steps.keys():
        return None
    found: set[Fraction] = set()
    for name, steps in rates.steps.items():
        other = usual.steps[name]
        if [above for above, _ in steps] != [above for above, _ in other]:
            return None
        for (_, price), (_, base) in zip(steps, other, strict=True):
            if base:
                found.add(Fraction(price) / Fraction(base))
            elif price:
                return None
    if not found:
        return Decimal(1)
    return _decimal(found.pop()) if len(found) == 1 else None


def words(names: Iterable[str]) -> str:
    """``a, b and c``"""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _steps(value: Any) -> Steps:
    tiers = [(tier.start, tier.price) for tier in getattr(value, "tiers", ())]
    base = value.base if hasattr(value, "tiers") else value
    return tuple((above, EXACT.scaleb(price, -3)) for above, price in [(0, base), *tiers])


def _standing(steps: Mapping[str, Steps], bucket: str) -> Steps | None:
    """What tokens of ``bucket`` cost where a row names only some."""
    while bucket not in steps and bucket in PARENT:
        bucket = PARENT[bucket]
    return steps.get(bucket)


def _decimal(ratio: Fraction) -> Decimal | None:
    scaled = ratio * 10**_MAX_DIGITS
    if scaled.denominator != 1:
        return None
    return EXACT.scaleb(Decimal(scaled.numerator), -_MAX_DIGITS).normalize(EXACT)
