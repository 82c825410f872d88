"""Says so when a budget's spending passes a percentage that the file wants to hear of: once in each period.

What was spent only grows, and each store tells of each step once: so whoever settles the call that passes it says it,
in whatever process that is, and nothing has to be remembered.
"""

from tornado_gateway.domain.counters import Claim
from tornado_gateway.domain.events import BudgetThreshold
from tornado_gateway.domain.nano import usd
from tornado_gateway.domain.ports import Publisher


class Thresholds:
    """A ``counters.OnSpent``."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher

    def __call__(self, claim: Claim, before: int, after: int) -> None:
        budget, term = claim.budget, claim.term
        if budget is None or term is None:
            return
        for percent in budget.warn_at:
            if before * 100 < claim.limit * percent <= after * 100:
                self._publisher.publish(
                    BudgetThreshold(
                        subject=claim.subject.name,
                        percent=percent,
                        spent=usd(after),
                        amount=budget.amount,
                        period=budget.period,
                        time_zone=budget.time_zone,
                        began=term.start,
                        ends=term.end,
                    )
                )
