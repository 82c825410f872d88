"""By what rows of the ledger are summed, by the names that ``Ledger.totals`` takes."""

from collections.abc import Callable, Sequence

from tornado_gateway.domain.ledger import LedgerRow
from tornado_gateway.domain.nearest import did_you_mean

Group = tuple[str | None, ...]
"""A value for each name that was asked for, None where a row has none."""

TAG = "tag:"

_MEMBERS: dict[str, Callable[[LedgerRow], str | None]] = {
    "model": lambda row: f"{row.provider}/{row.model}",
    "key": lambda row: row.key,
    "route": lambda row: row.route,
    "provider": lambda row: row.provider,
    "status": lambda row: str(row.status),
    "day": lambda row: row.finished_at.date().isoformat(),
}

NAMES = tuple(_MEMBERS)
"""What rows are told apart by, beside ``tag:NAME``. A model goes by the name that price rows have: provider/model."""


def grouping(name: str) -> Callable[[LedgerRow], str | None]:
    """What a row's group of that name is. Raises ``ValueError`` that names the nearest."""
    if name.startswith(TAG) and name != TAG:
        tag = name.removeprefix(TAG)
        return lambda row: row.tags.get(tag)
    member = _MEMBERS.get(name)
    if member is None:
        advice = did_you_mean(name, NAMES)
        raise ValueError(f"no rows are told apart by {name!r}{advice}: there are {', '.join(NAMES)} and tag:NAME")
    return member


def groups_of(names: Sequence[str]) -> Callable[[LedgerRow], Group]:
    """All of them at once. Raises ``ValueError``."""
    members = [grouping(name) for name in names]
    if len(members) == 1:
        (only,) = members
        return lambda row: (only(row),)
    return lambda row: tuple([member(row) for member in members])
