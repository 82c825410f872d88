"""International bank account numbers: a country's length and the remainder that makes sense of the check digits.

Source: ISO 13616-1; the lengths are those of SWIFT's "IBAN Registry". The check is ISO/IEC 7064's MOD 97-10.
"""

from collections.abc import Sequence
from typing import Final

from tornado_gateway.domain.guardrails.matching import Span

CANDIDATE: Final = r"\b[A-Za-z]{2}[0-9]{2}(?:[ \x{a0}-]?[A-Za-z0-9]){10,30}"
"""Long enough for every country: what follows a number may be in it."""

LENGTHS: Final = {
    country: length
    for length, countries in {
        15: "NO",
        16: "BE",
        18: "DK FI FK FO GL NL SD",
        19: "MK SI",
        20: "AT BA EE KZ LT LU MN XK",
        21: "CH HR LI LV",
        22: "BG BH CR DE GB GE IE ME RS VA",
        23: "AE GI IL IQ OM SO TL",
        24: "AD CZ ES MD PK RO SA SE SK TN VG",
        25: "LY PT ST",
        26: "IS TR",
        27: "BI DJ FR GR IT MC MR SM",
        28: "AL AZ BY CY DO GT HN HU LB NI PL SV",
        29: "BR EG PS QA UA",
        30: "JO KW MU",
        31: "MT SC",
        32: "LC",
        33: "RU",
    }.items()
    for country in countries.split()
}


def is_iban(text: str) -> bool:
    """``text`` without blanks, in capitals."""
    if len(text) != LENGTHS.get(text[:2]):
        return False
    return int("".join(str(int(character, 36)) for character in text[4:] + text[:4])) % 97 == 1


def ibans_in(candidate: str) -> Sequence[Span]:
    """The number that ``candidate`` begins with, as long as its country has them."""
    length = LENGTHS.get(candidate[:2].upper())
    if length is None:
        return ()
    places = [place for place, character in enumerate(candidate) if character.isalnum()][:length]
    number = "".join(candidate[place] for place in places).upper()
    return ((0, places[-1] + 1),) if is_iban(number) else ()
