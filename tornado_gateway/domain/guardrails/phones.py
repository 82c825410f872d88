"""Telephone numbers: international ones, and national ones in the forms in which they are written apart.

Source: ITU-T E.164 (at most 15 digits) and E.123 (how they are written). A bare run of digits is none: it is as often
an order or an account.
"""

import re
from collections.abc import Sequence
from typing import Final

from tornado_gateway.domain.guardrails.matching import Span

CANDIDATE: Final = "|".join(
    (
        r"\+[1-9](?:[ .()/\x{a0}-]{0,2}[0-9]){6,14}",  # +49 30 901820
        r"\b00[1-9](?:[ .()/\x{a0}-]{0,2}[0-9]){8,14}",  # 0049 30 901820
        r"(?:\b1[ .-])?\([2-9][0-9]{2}\) ?[2-9][0-9]{2}[ .-][0-9]{4}\b",  # (212) 555-0199
        r"\b(?:1[ .-])?[2-9][0-9]{2}[.-][2-9][0-9]{2}[.-][0-9]{4}\b",  # 212-555-0199
        r"\b(?:1 )?[2-9][0-9]{2} [2-9][0-9]{2}[ -][0-9]{4}\b",  # 212 555 0199
        r"\(0[0-9]{1,4}\) ?[0-9]{2,8}(?:[ -][0-9]{2,6}){0,3}\b",  # (030) 901820
        r"\b0[0-9]{1,4}[ /.-][0-9]{2,8}(?:[ .-][0-9]{2,6}){0,3}\b",  # 020 7946 0958, 06 12 34 56 78
    )
)
_DIGITS = (9, 15)
"""Of a national number with its leading 0. International ones are bounded by their form."""

_DATE = re.compile(r"0?\d[./-]\d{1,2}[./-]\d{4}|0\d[./-]\d{2}[ ]\d")


def phones_in(candidate: str) -> Sequence[Span]:
    """All of the candidate where it is a number."""
    digits = [character for character in candidate if character.isdecimal()]
    if len(set(digits)) == 1:
        return ()
    national = candidate.lstrip("(").startswith("0") and not candidate.startswith("00")
    if national and (not _DIGITS[0] <= len(digits) <= _DIGITS[1] or _DATE.match(candidate)):
        return ()
    return ((0, len(candidate)),)
