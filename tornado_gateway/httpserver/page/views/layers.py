"""A layered drawing: boxes in columns, each arrow from left to right. Pure; lengths are in pixels.

After Sugiyama: every box stands one column right of the last that points to it, arrows over several columns get a
place in each of them, boxes of a column are ordered by the middle of their neighbours and moved as near to them as
the others allow.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

_SWEEPS = 6
_THROUGH = 10
"""Height of the place that an arrow has in a column which it passes."""


@dataclass(frozen=True, slots=True)
class Arrow:
    """From ``leaves`` below the top of ``source``'s box to ``source``'s ``target``."""

    source: str
    target: str
    leaves: int


@dataclass(frozen=True, slots=True)
class Measures:
    """``arrives``: below the top of a box, where arrows end."""

    width: int
    column_gap: int
    row_gap: int
    arrives: int


@dataclass(frozen=True, slots=True)
class Drawing:
    """Upper left corners, and an SVG path for each arrow in their order."""

    corners: Mapping[str, tuple[int, int]]
    paths: Sequence[str]
    width: int
    height: int


def drawn(heights: Mapping[str, int], arrows: Sequence[Arrow], measures: Measures) -> Drawing:
    """Boxes that are joined by arrows stand together; each such group is below the one before."""
    corners: dict[str, tuple[int, int]] = {}
    paths = [""] * len(arrows)
    width = top = 0
    for group in _groups(heights, arrows):
        inside = [(index, arrow) for index, arrow in enumerate(arrows) if arrow.source in group]
        drawing = _Group({name: heights[name] for name in group}, [arrow for _, arrow in inside], measures)
        made = drawing.at(top)
        corners |= made.corners
        for (index, _), path in zip(inside, made.paths, strict=True):
            paths[index] = path
        width, top = max(width, made.width), top + made.height + measures.row_gap * 2
    return Drawing(corners, paths, width, max(0, top - measures.row_gap * 2))


def _groups(heights: Mapping[str, int], arrows: Sequence[Arrow]) -> list[list[str]]:
    beside: dict[str, list[str]] = defaultdict(list)
    for arrow in arrows:
        beside[arrow.source].append(arrow.target)
        beside[arrow.target].append(arrow.source)
    order = {name: place for place, name in enumerate(heights)}
    seen: set[str] = set()
    groups = []
    for name in heights:
        if name in seen:
            continue
        seen.add(name)
        found = [name]
        for each in found:
            for other in beside[each]:
                if other not in seen:
                    seen.add(other)
                    found.append(other)
        groups.append(sorted(found, key=order.__getitem__))
    return groups


@dataclass(frozen=True, slots=True)
class _Link:
    """Between neighbouring columns; ``leaves`` and ``arrives`` are below the tops of what it joins."""

    source: str
    target: str
    leaves: int
    arrives: int


class _Group:
    def __init__(self, heights: Mapping[str, int], arrows: Sequence[Arrow], measures: Measures) -> None:
        self._measures = measures
        self._arrows = arrows
        self._heights = dict(heights)
        self._column = _columns(list(heights), arrows)
        self._ways: list[list[str]] = []
        self._links: list[_Link] = []
        columns: list[list[str]] = [[] for _ in range(max(self._column.values()) + 1)]
        for name in heights:
            columns[self._column[name]].append(name)
        for index, arrow in enumerate(arrows):
            self._ways.append(self._way(index, arrow, columns))
        self._into: dict[str, list[_Link]] = defaultdict(list)
        self._out_of: dict[str, list[_Link]] = defaultdict(list)
        for link in self._links:
            self._into[link.target].append(link)
            self._out_of[link.source].append(link)
        self._columns = columns
        self._order()
        self._tops = self._placed()

    def _way(self, index: int, arrow: Arrow, columns: list[list[str]]) -> list[str]:
        """The places that an arrow passes between its ends; none for one that goes back."""
        first, last = self._column[arrow.source], self._column[arrow.target]
        if first >= last:
            return []
        passed = [f"\0{index}/{number}" for number in range(first + 1, last)]
        for number, name in enumerate(passed, first + 1):
            columns[number].append(name)
            self._heights[name] = _THROUGH
        ends = [arrow.source, *passed, arrow.target]
        for number, (source, target) in enumerate(pairwise(ends)):
            leaves = _THROUGH // 2 if number else arrow.leaves
            arrives = self._measures.arrives if target == arrow.target else _THROUGH // 2
            self._links.append(_Link(source, target, leaves, arrives))
        return passed

    def _order(self) -> None:
        """Each column by the middle of what points to it: those left of it have been ordered before."""
        for before, names in pairwise(self._columns):
            place = {name: at for at, name in enumerate(before)}
            pull = {
                name: _mean([place[each.source] + each.leaves / (self._heights[each.source] + 1) for each in links])
                for name in names
                if (links := self._into.get(name))
            }
            names.sort(key=lambda name, pull=pull: pull.get(name, float("inf")))  # type: ignore[misc]

    def _placed(self) -> dict[str, float]:
        tops: dict[str, float] = {}
        for names in self._columns:
            top = 0.0
            for name in names:
                tops[name] = top
                top += self._heights[name] + self._measures.row_gap
        for sweep in range(_SWEEPS):
            columns = self._columns if sweep % 2 == 0 else self._columns[::-1]
            for names in columns:
                wished = [self._wished(name, tops, from_left=sweep % 2 == 0) for name in names]
                tops |= zip(names, self._apart(names, wished), strict=True)
        least = min(tops.values())
        return {name: top - least for name, top in tops.items()}

    def _wished(self, name: str, tops: Mapping[str, float], *, from_left: bool) -> float:
        if from_left:
            found = [tops[each.source] + each.leaves - each.arrives for each in self._into.get(name, ())]
        else:
            found = [tops[each.target] + each.arrives - each.leaves for each in self._out_of.get(name, ())]
        return _mean(found) if found else tops[name]

    def _apart(self, names: Sequence[str], wished: Sequence[float]) -> list[float]:
        """The nearest tops to those wished for, in their order and without overlap: neighbours that collide move as
        one block to the mean of what they wish for."""
        offsets, offset = [], 0
        for name in names:
            offsets.append(offset)
            offset += self._heights[name] + self._measures.row_gap
        blocks: list[list[float]] = []
        for wish, start in zip(wished, offsets, strict=True):
            blocks.append([wish - start])
            while len(blocks) > 1 and _mean(blocks[-2]) > _mean(blocks[-1]):
                block = blocks.pop()
                blocks[-1] += block
        levels = [_mean(block) for block in blocks for _ in block]
        return [level + start for level, start in zip(levels, offsets, strict=True)]

    def at(self, top: int) -> Drawing:
        measures = self._measures
        stride = measures.width + measures.column_gap
        tops = {name: top + round(each) for name, each in self._tops.items()}
        bottom = max(tops[name] + self._heights[name] for name in tops)
        paths = []
        for arrow, way in zip(self._arrows, self._ways, strict=True):
            start = self._column[arrow.source] * stride + measures.width, tops[arrow.source] + arrow.leaves
            end = self._column[arrow.target] * stride, tops[arrow.target] + measures.arrives
            if start[0] > end[0]:
                bottom += _THROUGH
                paths.append(_back(start, end, bottom))
                continue
            first = self._column[arrow.source] + 1
            passed = [(number * stride, tops[name] + _THROUGH // 2) for number, name in enumerate(way, first)]
            paths.append(_forth(start, passed, end, measures.width))
        corners = {name: (self._column[name] * stride, tops[name]) for name in self._column}
        return Drawing(corners, paths, len(self._columns) * stride - measures.column_gap, bottom - top)


def _columns(names: Sequence[str], arrows: Sequence[Arrow]) -> dict[str, int]:
    """The longest way to each box; arrows that close a circle do not count. Then what nothing points to is moved
    to just before what it points to."""
    onward: dict[str, list[str]] = {name: [] for name in names}
    for arrow in arrows:
        onward[arrow.source].append(arrow.target)
    order, kept = _walked(names, onward)
    column = dict.fromkeys(names, 0)
    for name in order:
        for target in kept[name]:
            column[target] = max(column[target], column[name] + 1)
    pointed = {target for targets in kept.values() for target in targets}
    for name in names:
        if name not in pointed and kept[name]:
            column[name] = min(column[target] for target in kept[name]) - 1
    return column


def _walked(names: Sequence[str], onward: Mapping[str, list[str]]) -> tuple[list[str], dict[str, list[str]]]:
    """Sources first, and the arrows of each that close no circle. With a stack of its own: chains may be long."""
    kept: dict[str, list[str]] = {name: [] for name in names}
    done: list[str] = []
    state: dict[str, bool] = {}
    for start in names:
        stack = [start] if start not in state else []
        while stack:
            name = stack[-1]
            if name not in state:
                state[name] = True
                for target in reversed(onward[name]):
                    if target not in state:
                        stack.append(target)
                continue
            stack.pop()
            if state[name]:
                state[name] = False
                done.append(name)
    place = {name: at for at, name in enumerate(reversed(done))}
    for name, targets in onward.items():
        kept[name] = [target for target in targets if place[target] > place[name]]
    return list(place), kept


def _forth(start: tuple[int, int], passed: Sequence[tuple[int, int]], end: tuple[int, int], width: int) -> str:
    path = f"M{start[0]},{start[1]}"
    at = start
    for left, y in passed:
        path += f"{_curve(at, (left, y))}H{left + width}"
        at = left + width, y
    return path + _curve(at, end)


def _curve(start: tuple[int, int], end: tuple[int, int]) -> str:
    middle = (start[0] + end[0]) // 2
    return f"C{middle},{start[1]} {middle},{end[1]} {end[0]},{end[1]}"


def _back(start: tuple[int, int], end: tuple[int, int], lane: int) -> str:
    """Below everything."""
    return f"M{start[0]},{start[1]}h14V{lane}H{end[0] - 20}V{end[1]}H{end[0]}"


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
