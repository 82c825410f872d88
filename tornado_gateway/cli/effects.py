"""What a new file would have done to past calls: tables for people."""

from collections.abc import Iterator, Sequence

from tornado_gateway.cli import repriced
from tornado_gateway.cli.amounts import count, exact, known, percent, short
from tornado_gateway.cli.groups import TOP
from tornado_gateway.cli.tables import Column, print_table
from tornado_gateway.domain.money import EXACT
from tornado_gateway.domain.rerouting import Effect, Moved, Refused, Shares
from tornado_gateway.reports.effects import moved_most, refused_most, sums

_MOVED = (
    Column("Asked for"),
    Column("Then at"),
    Column("New at"),
    Column("Requests", number=True),
    Column("Then USD", number=True),
    Column("New USD", number=True),
    Column("", number=True),
)
_REFUSED = (Column("Asked for"), Column("Requests", number=True), Column("Then USD", number=True))


def show(effect: Effect) -> None:
    """What keeps its target, by model and by key; then, apart, what goes elsewhere; then what is refused."""
    kept = effect.kept
    if not (kept.groups or effect.moved or effect.refused):
        print("\nthere are none")
        return
    if kept.groups:
        total = kept.total()
        print()
        repriced.show(["model"], kept.rolled([0]), total, title="What keeps its target, at the new prices")
        print()
        repriced.show(["key"], kept.rolled([1]), total)
        print(f"\n{repriced.sentence(total)}")
        for note in repriced.notes(total, kept.unpriced):
            print(f"- {note}")
    if effect.moved:
        print()
        title = "An estimate: what is sent elsewhere, as if its tokens were the same there"
        print_table(_MOVED, _moved_rows(effect), title=title)
        for note in _moved_notes(effect):
            print(f"- {note}")
    if effect.refused:
        print()
        print_table(_REFUSED, _refused_rows(effect), title="What the new file refuses: no route, or no price")
    if effect.moved:
        old, new = sums(effect)
        change = EXACT.subtract(new, old)
        sign = "+" if change > 0 else ""
        print(f"\nboth together: {exact(old)} USD then, about {exact(new)} USD now: {sign}{exact(change)} USD")


def _moved_rows(effect: Effect) -> Iterator[Sequence[str]]:
    moved = moved_most(effect)
    if moved[TOP:]:
        rest = Moved((), ())
        for _, each in moved[TOP:]:
            rest.include(each)
        moved[TOP:] = [(f"({len(moved) - TOP} more)", rest)]
    for name, each in moved:
        share = percent(each.old, each.estimate)
        figures = count(each.requests), known(each.old, each.first_priced), short(each.estimate), share
        yield name, targets(each.before), targets(each.after), *figures


def _moved_notes(effect: Effect) -> Iterator[str]:
    unpriced = sum(moved.unpriced for moved in effect.moved.values())
    if unpriced:
        yield f"{count(unpriced)} of them are in no sum: their new target had no price at their time"
    first = sum(moved.first_priced for moved in effect.moved.values())
    if first:
        yield f"{count(first)} of them had no price then: what they cost is in the new sum alone"


def _refused_rows(effect: Effect) -> Iterator[Sequence[str]]:
    refused = refused_most(effect)
    if refused[TOP:]:
        rest = Refused()
        for _, each in refused[TOP:]:
            rest.include(each)
        refused[TOP:] = [(f"({len(refused) - TOP} more)", rest)]
    for name, each in refused:
        yield name, count(each.requests), known(each.old, each.unpriced)


def targets(shares: Shares) -> str:
    """``openai/gpt-4``; ``a/m 75 %, b/m 25 %`` where several share the calls."""
    total = sum(weight for _, _, weight in shares)
    if len(shares) == 1:
        return f"{shares[0][0]}/{shares[0][1]}"
    return ", ".join(f"{provider}/{model} {weight * 100 // total} %" for provider, model, weight in shares) or "various"
