"""Numbers of payment cards in runs of digits: by the ranges that issuers have, their lengths and Luhn's check digit.

Source: ISO/IEC 7812-1 (form and check digit); the networks' published ranges of issuer identification numbers.
"""

import re
from collections.abc import Sequence
from itertools import accumulate
from typing import Final

from tornado_gateway.domain.guardrails.matching import Span

CANDIDATE: Final = r"(?:[0-9]\.)?[0-9](?:[ \x{a0}-]?[0-9]){11,}"
"""A run of digits with single blanks or hyphens between them, and what tells a decimal fraction."""

_FRACTION = re.compile(r"[0-9]\.[0-9]{12}")
"""One number in forty that a program makes up has digits that would do for a card."""

_RANGES: Final = (
    ("4", "4", (13, 16, 19)),  # Visa
    ("51", "55", (16,)),  # Mastercard
    ("2221", "2720", (16,)),
    ("34", "34", (15,)),  # American Express
    ("37", "37", (15,)),
    ("300", "305", (14, 16, 19)),  # Diners Club
    ("36", "36", (14, 15, 16, 17, 18, 19)),
    ("38", "39", (14, 16, 19)),
    ("6011", "6011", (16, 17, 18, 19)),  # Discover
    ("644", "659", (16, 17, 18, 19)),
    ("3528", "3589", (16, 17, 18, 19)),  # JCB
    ("62", "62", (16, 17, 18, 19)),  # UnionPay
    ("81", "81", (16, 17, 18, 19)),
    ("50", "50", (12, 13, 14, 15, 16, 17, 18, 19)),  # Maestro
    ("56", "58", (12, 13, 14, 15, 16, 17, 18, 19)),
    ("63", "63", (12, 13, 14, 15, 16, 17, 18, 19)),
    ("67", "67", (12, 13, 14, 15, 16, 17, 18, 19)),
    ("2200", "2204", (16, 17, 18, 19)),  # Mir
)
_SHORTEST, _LONGEST = 12, 19


def passes_luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of those before it."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit)
        if place % 2:
            value = value * 2 - 9 if value > 4 else value * 2
        total += value
    return total % 10 == 0


def is_card(digits: str) -> bool:
    """Whether an issuer may have given out this very number."""
    return _is_issued(digits) and passes_luhn(digits)


def cards_in(run: str) -> Sequence[Span]:
    """The numbers in a run of digits: each begins and ends where a group does, and the longest counts."""
    places = [place for place, character in enumerate(run) if character.isdecimal()]
    digits = "".join(run[place] for place in places)
    begins = [k for k, place in enumerate(places) if k == 0 or place != places[k - 1] + 1]
    if _FRACTION.match(run):
        del begins[:2]
    ends = {*(k for k in begins if k), len(places)}
    sums = _sums(digits)
    found: list[Span] = []
    free = 0
    for begin in begins:
        if begin < free:
            continue
        for end in range(min(begin + _LONGEST, len(places)), begin + _SHORTEST - 1, -1):
            sum_ = sums[1 - end % 2]
            if end in ends and (sum_[end] - sum_[begin]) % 10 == 0 and _is_issued(digits[begin:end]):
                found.append((places[begin], places[end - 1] + 1))
                free = end
                break
    return found


def _sums(digits: str) -> tuple[Sequence[int], Sequence[int]]:
    """Luhn's sums of all beginnings, the digits at odd places doubled and those at even ones: of any part between two
    places it is a difference."""
    plain = [int(digit) for digit in digits]
    doubled = [value * 2 - 9 if value > 4 else value * 2 for value in plain]
    odd, even = plain.copy(), plain.copy()
    odd[1::2], even[::2] = doubled[1::2], doubled[::2]
    return tuple(accumulate(odd, initial=0)), tuple(accumulate(even, initial=0))


def _is_issued(digits: str) -> bool:
    return any(low <= digits[: len(low)] <= high and len(digits) in lengths for low, high, lengths in _RANGES)
