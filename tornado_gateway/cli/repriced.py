"""What a repricing came to: its table for people, and its notes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tornado_gateway.cli.amounts import count, exact, known, percent, short, signed
from tornado_gateway.cli.groups import TOP, headings, labels, others
from tornado_gateway.cli.tables import Column, print_table, printable
from tornado_gateway.domain.groupings import Group
from tornado_gateway.domain.repricing import Repriced

_FIGURES = (
    Column("Requests", number=True),
    Column("Then USD", number=True),
    Column("New USD", number=True),
    Column("Difference", number=True),
    Column("", number=True),
)
_NAMED = 5
"""Models without a price that are named; the others are counted."""


def show(
    by: Sequence[str], groups: Mapping[Group, Repriced], total: Repriced, *, title: str | None = None, top: int = TOP
) -> None:
    """By what changes most; days in their order. The first ``top`` as they stand, the others as one line."""
    ordered = sorted(groups.items(), key=lambda item: _order(by, *item))
    rows = [[*labels(group), *_figures(part)] for group, part in ordered[:top]]
    if ordered[top:]:
        rest = Repriced()
        for _, part in ordered[top:]:
            rest.include(part)
        rows.append([*labels(others(by, len(ordered) - top)), *_figures(rest)])
    print_table([*headings(by), *_FIGURES], rows, title=title, total=["total", *("" for _ in by[1:]), *_figures(total)])


def _order(by: Sequence[str], group: Group, part: Repriced) -> tuple[Any, ...]:
    names = tuple(value or "" for value in group)
    return names if by[0] == "day" else (-abs(part.difference), -part.new, names)


def _figures(part: Repriced) -> Sequence[str]:
    """Blank where nothing of the group is priced."""
    if not part.requests and not part.abandoned:
        return "0", "", "", "", ""
    return (
        count(part.requests),
        known(part.old, part.first_priced),
        short(part.new),
        signed(part.difference),
        percent(part.old, part.new),
    )


def sentence(total: Repriced) -> str:
    """The sums with every digit."""
    change = total.difference
    sign = "+" if change > 0 else ""
    return f"{exact(total.old)} USD then, {exact(total.new)} USD at the new prices: {sign}{exact(change)} USD"


def notes(total: Repriced, unpriced: Mapping[str, int]) -> Iterator[str]:
    """What the sums leave out, and what is to be known of what they hold."""
    if total.unpriced:
        names = sorted(unpriced, key=lambda name: -unpriced[name])
        more = f" and {len(names) - _NAMED} more models" if len(names) > _NAMED else ""
        listed = ", ".join(f"{printable(name)} ({count(unpriced[name])})" for name in names[:_NAMED])
        yield f"left out: {_calls(total.unpriced)} without a price in the new file: {listed}{more}"
    if total.unused:
        yield f"left out: {_calls(total.unused)} without usage, which failed before anything was used"
    if total.left_out:
        yield f"what is left out cost {exact(total.left_out)} USD then"
    if total.first_priced:
        yield f"{_calls(total.first_priced)} had no price then: {exact(total.first_cost)} USD of the new sum"
    if total.abandoned:
        yield f"{_calls(total.abandoned)} beside the requests: the slower one of two tries at once, or a mirror's copy"
    if total.cached:
        saved = f"it saved {exact(total.saved_old)} USD then, {exact(total.saved_new)} USD at the new prices"
        yield f"{_calls(total.cached)} answered from the cache, at no cost: {saved}"
    if total.images_unknown:
        yield f"{_calls(total.images_unknown)} may have made images, which have a price now and were not counted then"


def _calls(number_of: int) -> str:
    return "1 call" if number_of == 1 else f"{count(number_of)} calls"
