"""What reports are made of, for those who encode one and those who print it."""

from datetime import timedelta
from decimal import Decimal

from tests.support import NOW
from tornado_gateway.domain.key_store import StoredKey
from tornado_gateway.domain.keys import hash_of
from tornado_gateway.domain.prices import PriceTable
from tornado_gateway.domain.quotas import Budget, Limits
from tornado_gateway.domain.repricing import Repriced
from tornado_gateway.domain.rerouting import Choice, Effect, Moved, Refused
from tornado_gateway.domain.routes import RouteTable

HOUR = timedelta(hours=1)
WHOLE = StoredKey(
    id="team-a",
    sha256=hash_of("k"),
    prefix="sk-tgw-abcd",
    created_at=NOW,
    owner="Ada",
    tags={"team": "a"},
    models=("gpt-*", "echo4"),
    limits=Limits(requests_per_minute=60),
    budget=Budget(Decimal("2.50"), "month"),
    expires=NOW + HOUR,
)
BARE = StoredKey(id="b", sha256=hash_of("b"), prefix="sk-tgw-efgh", created_at=NOW)

X, Y = (("a", "x", 1),), (("b", "y", 1),)


def an_effect() -> Effect:
    """Of each kind one: what stays, what moves and what is refused."""
    choice = Choice(RouteTable(), PriceTable())
    made = Effect(choice, choice, ["model", "key"])
    made.kept.groups = {("a/x", "team-a"): Repriced(requests=2, old=Decimal(3), new=Decimal(4))}
    made.moved = {"fast": Moved(X, Y, requests=5, old=Decimal(2), estimate=Decimal("1.5"), unpriced=1, first_priced=2)}
    made.refused = {"gone": Refused(7, Decimal("0.25"))}
    return made
