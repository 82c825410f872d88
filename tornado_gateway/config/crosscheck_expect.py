"""Golden cases: what the file's own prices make of a usage, against what its author expects."""

from collections.abc import Iterator
from datetime import UTC, datetime

from tornado_gateway.config.decode_prices import Expectation, cards, expectations, moment
from tornado_gateway.config.problems import Problem
from tornado_gateway.config.source import Source
from tornado_gateway.domain.money import decimal_digits
from tornado_gateway.domain.nearest import did_you_mean
from tornado_gateway.domain.prices import PriceTable
from tornado_gateway.domain.pricing import price


def check_expectations(source: Source) -> Iterator[Problem]:
    """For a document in which nothing else is wrong."""
    table = PriceTable(cards(source))
    for case in expectations(source):
        yield from _case(source, table, case)


def _case(source: Source, table: PriceTable, case: Expectation) -> Iterator[Problem]:
    if case.usage.input < 0 or case.usage.output < 0:
        total = "prompt_tokens" if case.usage.input < 0 else "completion_tokens"
        place = source.value["pricing"]["expect"][case.path[2]]["usage"]
        path = (*case.path, "usage", total) if total in place else (*case.path, "usage")
        yield source.problem(path, f"{total} is less than the special kinds that are part of it")
        return
    try:
        at = moment(case.at) or datetime.now(UTC)
    except ValueError:
        yield source.problem((*case.path, "at"), f"{case.at!r} is no day of the calendar")
        return
    provider, _, model = case.model.partition("/")
    card = table.find(provider, model, at)
    if card is None:
        known = dict.fromkeys(each.model for each in table)
        why = "no price" if not table.row(case.model) else f"no price at {at:%Y-%m-%d %H:%M} UTC"
        yield source.problem((*case.path, "model"), f"{case.model!r} has {why}{did_you_mean(case.model, known)}")
        return
    if case.at is None and (
        card.off_peak is not None or card.valid_until is not None or len(table.row(case.model)) > 1
    ):
        what = "this row's price depends on the time: say at, or one day the case will refuse the file"
        yield source.warning((*case.path, "model"), what)
    cost = price(case.usage, card, at)
    if cost.amount != case.cost:
        expected = decimal_digits(case.cost)
        message = f"the price in line {card.line} makes it {cost.digits} USD, not {expected}"
        yield source.problem((*case.path, "cost"), message)
