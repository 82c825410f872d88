"""A bar on standard error while long work goes on; nothing where that is no terminal."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")

_STEP = 1000
"""Items between two looks at the bar."""


def counted(items: Iterable[T], total: Callable[[], int], what: str) -> Iterator[T]:
    """The items, and a bar of how many of ``total`` have passed; ``total`` is asked only where the bar is seen."""
    if not sys.stderr.isatty():
        yield from items
        return
    from rich.console import Console  # noqa: PLC0415 - a tenth of a second, which nobody else need spend
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total())
        for place, item in enumerate(items, 1):
            if place % _STEP == 0:
                bar.update(task, completed=place)
            yield item


@contextmanager
def busy(what: str) -> Iterator[None]:
    """Says so while work goes on of which nobody knows how far it is."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console  # noqa: PLC0415

    with Console(stderr=True).status(what):
        yield
