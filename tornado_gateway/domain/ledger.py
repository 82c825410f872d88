"""The ledger: one row for each call that ended, whichever way. No prompt and no answer in it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol

import msgspec

from tornado_gateway.domain.usage import TokenUsage


class LedgerRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What one call was and cost. ``id`` is the row's own and unique: a row that is written twice is there once.

    ``cost`` is USD, None where the call has no price (unpriced model, or it failed before anything was used).
    ``tags`` are the key's and, where it has none of that name, those of the request's ``metadata``.
    """

    id: str
    finished_at: datetime
    """In UTC, and aware of it."""
    request_id: str
    kind: str = "request"
    """``request``, ``abandoned`` (the slower one of two tries at once, whose provider may have worked on it) or
    ``mirror`` (a copy that an operator wanted)."""
    key: str | None = None
    """The principal's id."""
    route: str
    provider: str
    model: str
    requested_model: str = ""
    dialect: str = ""
    streaming: bool = False
    status: int
    error: str | None = None
    attempts: int = 1
    usage: TokenUsage | None = None
    cost: Decimal | None = None
    saved: Decimal | None = None
    """USD that the call would have cost, had it not been answered from the cache."""
    duration: float = 0.0
    """Seconds."""
    time_to_first_token: float | None = None
    """Seconds."""
    revision: str = ""
    finish_reason: str | None = None
    tags: Mapping[str, str] = {}
    receipt: str | None = None
    """How ``cost`` came about, as a JSON document (see ``receipt``)."""


class LedgerQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows: all conditions hold at once, None asks for nothing. ``since`` is inclusive, ``until`` is not."""

    since: datetime | None = None
    until: datetime | None = None
    request_id: str | None = None
    kind: str | None = None
    key: str | None = None
    route: str | None = None
    provider: str | None = None
    model: str | None = None
    status: int | None = None
    tags: Mapping[str, str] = {}
    newest_first: bool = False
    after: tuple[datetime, str] | None = None
    """``finished_at`` and ``id`` of the last row of the page before, in the order asked for."""
    limit: int | None = None


class LedgerTotal(msgspec.Struct, frozen=True, kw_only=True):
    """Rows that agree in what they were grouped by, summed exactly. ``group`` has a value for each name asked for.

    Tokens and money are those of all rows: what an abandoned try cost has to be paid, though it answered no request,
    and so has a mirror's copy.
    """

    group: tuple[str | None, ...]
    requests: int
    """Rows of the kind ``request``."""
    failed: int
    """Those of them with a status of 400 and more."""
    prompt_tokens: int
    completion_tokens: int
    cost: Decimal
    saved: Decimal
    unpriced: int = 0
    """Rows of a known usage and no cost: what they came to nobody can say, and it is not in ``cost``."""


class LedgerUnavailable(Exception):
    """The database can't be reached or is not ready to serve: later it may be. The text holds no password."""


class LedgerRefused(Exception):
    """The database was reached and can't hold one of the rows: to try them all again is of no use."""


class Ledger(Protocol):
    """Used from one thread at a time; every call may block. Nothing is opened before the first call, which also makes
    what is missing (file, tables) and brings an older schema up to date. Raises ``LedgerUnavailable``.
    """

    def append(self, rows: Sequence[LedgerRow]) -> None:
        """Writes all or none, durable when it returns; rows whose id is known already are left as they are.

        Raises ``LedgerRefused`` too. No rows at all are a way to ask whether the ledger is there.
        """

    def rows(self, query: LedgerQuery) -> Iterator[LedgerRow]:
        """By ``finished_at`` and ``id``, a page at a time: memory is bounded, whatever the answer's length.

        No transaction stays open between two pages, so that a slow reader holds up nobody.
        """

    def totals(self, query: LedgerQuery, by: Sequence[str]) -> list[LedgerTotal]:
        """``by``: any of key, route, provider, model, status, day (in UTC, ``2026-01-31``), and ``tag:NAME``.

        Sorted by ``group``, what has no value first. The query's order, ``after`` and ``limit`` mean nothing here.
        """

    def count(self, query: LedgerQuery) -> int:
        """How many rows there are, whatever ``after`` and ``limit`` say."""

    def prune(self, before: datetime) -> int:
        """Deletes some thousands, at most, of the rows that finished before; says how many, 0 where none was left."""

    def close(self) -> None: ...
