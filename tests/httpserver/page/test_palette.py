"""The colours of tokens.css, held to WCAG 2.2 by its own arithmetic: text at 4.5 to 1, what is drawn at 3 to 1."""

import re
from itertools import product

import pytest

from tornado_gateway.httpserver.page.assets import FOLDER

_TOKEN = re.compile(r"--([\w-]+): light-dark\(#([0-9a-f]{6}), #([0-9a-f]{6})\);")
COLOURS = {name: (light, dark) for name, light, dark in _TOKEN.findall((FOLDER / "tokens.css").read_text())}

TEXT = [
    *product(["ink", "ink-2", "ink-3", "accent"], ["paper", "surface", "sunk", "hover"]),
    *((name, f"{name}-sunk") for name in ("accent", "good", "warn", "bad")),
    *product(["good", "warn", "bad"], ["paper", "surface"]),
    ("on-accent", "accent"),
    *product(["surface"], ["bad", "warn"]),
    *product(["ink", "ink-2", "ink-3"], ["good-sunk", "bad-sunk", "accent-sunk"]),
]
DRAWN = [
    *product([f"series-{each}" for each in (*range(1, 9), "rest")], ["surface"]),
    *product(["line-strong", "focus"], ["paper", "surface"]),
]


def luminance(colour: str) -> float:
    """WCAG 2.2, "relative luminance"."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_the_arithmetic() -> None:
    assert contrast("000000", "ffffff") == pytest.approx(21)
    assert contrast("777777", "ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("over", "under"), TEXT)
def test_text_can_be_read(over: str, under: str, theme: int) -> None:
    assert contrast(COLOURS[over][theme], COLOURS[under][theme]) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("over", "under"), DRAWN)
def test_what_is_drawn_can_be_seen(over: str, under: str, theme: int) -> None:
    assert contrast(COLOURS[over][theme], COLOURS[under][theme]) >= 3
