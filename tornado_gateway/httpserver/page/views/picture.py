"""The routes as a picture: a box for each route that has to do with another, arrows for who stands in for whom."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tornado_gateway.httpserver.page.formats import seconds
from tornado_gateway.httpserver.page.views.conditions import Condition, of_route, of_target
from tornado_gateway.httpserver.page.views.layers import Arrow, Measures, drawn
from tornado_gateway.httpserver.page.views.reasons import reasons

WIDTH = 264
MARGIN = 24
HEAD = 38
TARGET = 38
WAY = 26
FOOT = 6
_MEASURES = Measures(width=WIDTH, column_gap=72, row_gap=22, arrives=HEAD // 2)
_NAME, _MODEL, _WORDS, _WAY = 24, 30, 36, 36
"""Characters that fit."""

Kind = Literal["fallback", "mirror"]
_Onward = tuple[str, str, Kind]


@dataclass(frozen=True, slots=True)
class Line:
    """``top`` is its upper edge in the picture; ``whole`` the text of which ``text`` is as much as fits."""

    top: int
    text: str
    whole: str
    condition: Condition
    words: str
    aside: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """Where calls go on to: the end of it is the beginning of an arrow."""

    top: int
    text: str
    whole: str


@dataclass(frozen=True, slots=True)
class Box:
    left: int
    top: int
    height: int
    name: str
    whole: str
    strategy: str
    condition: Condition
    targets: Sequence[Line]
    ways: Sequence[Way]


@dataclass(frozen=True, slots=True)
class Joint:
    path: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Picture:
    width: int
    height: int
    boxes: Sequence[Box]
    joints: Sequence[Joint]


def picture_of(routes: Sequence[Mapping[str, Any]]) -> Picture | None:
    """Of routes as ``GET routes`` tells them; None where none has to do with another."""
    joined = {route["name"]: ways for route in routes if (ways := _ways(route))}
    pointed = {target for ways in joined.values() for _, target, _ in ways}
    shown = {route["name"]: route for route in routes if route["name"] in joined or route["name"] in pointed}
    if not shown:
        return None
    arrows, kinds = [], []
    for name, ways in joined.items():
        first = HEAD + TARGET * len(shown[name]["targets"])
        for place, (_, target, kind) in enumerate(ways):
            arrows.append(Arrow(name, target, first + WAY * place + WAY // 2))
            kinds.append(kind)
    heights = {
        name: HEAD + TARGET * len(route["targets"]) + WAY * len(joined.get(name, ())) + FOOT
        for name, route in shown.items()
    }
    drawing = drawn(heights, arrows, _MEASURES)
    boxes = [_box(route, drawing.corners[name], heights[name], joined.get(name, [])) for name, route in shown.items()]
    joints = [Joint(path, kind) for path, kind in zip(drawing.paths, kinds, strict=True)]
    return Picture(drawing.width + 2 * MARGIN, drawing.height + 2 * MARGIN, boxes, joints)


def _ways(route: Mapping[str, Any]) -> list[_Onward]:
    """What is said of each way, the route at its end, and its kind."""
    ways: list[_Onward] = []
    for number, each in enumerate(route["fallbacks"], 1):
        if each["served_by"] is not None:
            ways.append((f"{number}. {each['route']}{reasons(each['on'])}", each["served_by"], "fallback"))
    mirror = route["mirror"]
    if mirror is not None and mirror["served_by"] is not None:
        words = f"{float(mirror['percent']):g} % copied to {mirror['route']}"
        ways.append((words, mirror["served_by"], "mirror"))
    return ways


def _box(route: Mapping[str, Any], corner: tuple[int, int], height: int, ways: Sequence[_Onward]) -> Box:
    left, top = corner[0] + MARGIN, corner[1] + MARGIN
    conditions = [of_target(target) for target in route["targets"]]
    weighted = len(conditions) > 1 and route["strategy"] == "weighted"
    lines = [
        _line(target, condition, top + HEAD + TARGET * place, weighted=weighted)
        for place, (target, condition) in enumerate(zip(route["targets"], conditions, strict=True))
    ]
    below = top + HEAD + TARGET * len(lines)
    return Box(
        left=left,
        top=top,
        height=height,
        name=shortened(route["name"], _NAME),
        whole=route["name"],
        strategy=route["strategy"] if len(lines) > 1 else "",
        condition=of_route(conditions),
        targets=lines,
        ways=[Way(below + WAY * place, shortened(text, _WAY), text) for place, (text, _, _) in enumerate(ways)],
    )


def _line(target: Mapping[str, Any], condition: Condition, top: int, *, weighted: bool) -> Line:
    whole = f"{target['provider']}/{target['model']}"
    p50 = target["latency"]["p50"]
    words = (
        condition.words if p50 is None or target["circuit"] != "closed" else f"{condition.words}, p50 {seconds(p50)}"
    )
    return Line(
        top=top,
        text=shortened(whole, _MODEL - 4 if weighted else _MODEL),
        whole=whole,
        condition=condition,
        words=shortened(words, _WORDS),
        aside=f"\N{MULTIPLICATION SIGN}{target['weight']}" if weighted else "",
    )


def shortened(text: str, width: int) -> str:
    """As much as fits into ``width`` letters of Latin, wide letters counted twice; a mark shows what was cut off."""
    room = width
    for place, letter in enumerate(text):
        room -= 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        if room < 0:
            return text[: max(0, place - 1)] + "…"
    return text
