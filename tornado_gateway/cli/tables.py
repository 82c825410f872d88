"""Tables for people: on a terminal as wide as that, in a pipe as wide as they are. Nothing is ever cut off.

rich is imported where it is used: it takes a tenth of a second, which ``serve`` need not spend.
"""

import os
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from rich.console import Console

_PIPE_WIDTH = 10_000
"""Wide enough for any table: who reads a pipe wants whole lines."""

_NARROWEST = 12
"""Characters that a column of texts keeps on the narrowest terminal."""

_GAP = 2
"""Characters between two columns."""

_BOX = "    \n    \n -- \n    \n    \n -- \n    \n    \n"
"""A rule under the head and one above the total, as rich takes a box: eight lines of four characters."""


class Column(NamedTuple):
    """``number`` columns stand at the right and are never broken; texts are, where a terminal is narrow."""

    name: str
    number: bool = False


def console() -> "Console":
    """Standard output as rich sees it: colours on a terminal alone, ``COLUMNS`` and ``NO_COLOR`` honoured."""
    from rich.console import Console  # noqa: PLC0415

    fixed = sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdigit()
    return Console(width=None if fixed else _PIPE_WIDTH, highlight=False)


def draws(output: "Console") -> bool:
    """Whether ``output`` can show more than ASCII: rules and bars."""
    return output.encoding.lower().startswith("utf")


def print_table(
    columns: Sequence[Column],
    rows: Iterable[Sequence[str]],
    *,
    title: str | None = None,
    total: Sequence[str] | None = None,
) -> None:
    """``title`` stands above; ``total`` is a last line under a rule."""
    from rich.box import Box  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    output = console()
    rule = _BOX.replace("-", "─") if draws(output) else _BOX
    table = Table(
        box=Box(rule, ascii=not draws(output)),
        show_edge=False,
        pad_edge=False,
        padding=(0, 0, 0, 1),
        show_footer=total is not None,
        header_style="bold",
        footer_style="bold",
    )
    # As texts, or a name in square brackets would be taken for markup.
    lines = [[Text(printable(cell)) for cell in row] for row in rows]
    least = -_GAP
    for place, column in enumerate(columns):
        head, foot = Text(column.name), Text("" if total is None else total[place])
        widest = max(cell.cell_len for cell in (head, foot, *(line[place] for line in lines)))
        narrowest = widest if column.number else min(widest, _NARROWEST)
        least += narrowest + _GAP
        table.add_column(
            head,
            foot,
            justify="right" if column.number else "left",
            no_wrap=column.number,
            overflow="fold",
            min_width=narrowest,
        )
    for line in lines:
        table.add_row(*line)
    # A line that the terminal breaks is a nuisance, one that ends in the middle of a figure is a lie.
    output.width = max(output.width, least)
    with output.capture() as drawn:
        if title is not None:
            output.print(Text(title, style="bold"))
        output.print(table)
    print("\n".join(line.rstrip() for line in drawn.get().splitlines()))


def printable(text: str) -> str:
    """A caller's text without what would move a terminal's cursor: escapes are written out."""
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
