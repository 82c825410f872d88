"""The ledger in PostgreSQL: for several machines, and for whoever has one anyway."""

from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec

from tornado_gateway.domain.ledger import LedgerQuery, LedgerRow, LedgerTotal
from tornado_gateway.domain.ledger_url import PostgresPlace
from tornado_gateway.storage import ledger_query
from tornado_gateway.storage.ledger_query import Dialect
from tornado_gateway.storage.ledger_schema import POSTGRES
from tornado_gateway.storage.ledger_table import COLUMNS, TABLE, row_of_record
from tornado_gateway.storage.pages import pages
from tornado_gateway.storage.postgres_database import PostgresDatabase

_PAGE = 2000
_PRUNED = 2000

_DIALECT = Dialect(
    mark="%s",
    time=lambda at: at,
    # In the session's time zone it would be, and that is a pooler's.
    read={"finished_at": "(extract(epoch FROM finished_at) * 1000000)::bigint", "tags": "tags::text"},
    day="to_char(finished_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')",
    tag="(tags ->> {}::text)",
    exact_sum="coalesce(sum({}), 0)",
)

_INSERT = f"""\
INSERT INTO {TABLE} ({", ".join(COLUMNS)})
SELECT
    id, finished_at, request_id, kind, key, route, provider, model, requested_model, dialect, streaming, status, error,
    attempts, u.input, u.output, u.cached_input, u.cache_write, u.cache_write_1h, u.audio_input, u.reasoning,
    u.audio_output, coalesce(u.estimated, false), u.images, u.service_tier, cost, saved, duration, time_to_first_token,
    revision, finish_reason, tags, receipt
FROM json_to_recordset(%s::json) AS r (
    id text, finished_at timestamptz, request_id text, kind text, key text, route text, provider text, model text,
    requested_model text, dialect text, streaming boolean, status integer, error text, attempts integer, usage json,
    cost numeric, saved numeric, duration double precision, time_to_first_token double precision, revision text,
    finish_reason text, tags jsonb, receipt text
)
LEFT JOIN LATERAL json_to_record(r.usage) AS u (
    input bigint, output bigint, cached_input bigint, cache_write bigint, cache_write_1h bigint, audio_input bigint,
    reasoning bigint, audio_output bigint, estimated boolean, images bigint, service_tier text
) ON true
ON CONFLICT (id) DO NOTHING"""
"""A batch goes as one JSON document, which the server takes apart: a sixth of the work of a parameter a value."""


class PostgresLedger:
    """A ``domain.ledger.Ledger``."""

    def __init__(self, place: PostgresPlace) -> None:
        self._database = PostgresDatabase(place, "ledger", POSTGRES)

    def append(self, rows: Sequence[LedgerRow]) -> None:
        with self._database.session() as connection:
            connection.execute(_INSERT, (msgspec.json.encode(rows).decode(),))

    def rows(self, query: LedgerQuery) -> Iterator[LedgerRow]:
        return pages(query, self._page, size=_PAGE)

    def totals(self, query: LedgerQuery, by: Sequence[str]) -> list[LedgerTotal]:
        text, parameters = ledger_query.totals(query, by, _DIALECT)
        with self._database.session() as connection:
            return ledger_query.totals_of(connection.execute(text.encode(), parameters).fetchall(), len(by))

    def count(self, query: LedgerQuery) -> int:
        text, parameters = ledger_query.count(query, _DIALECT)
        with self._database.session() as connection:
            (found,) = connection.execute(text.encode(), parameters).fetchall()
            return int(found[0])

    def prune(self, before: datetime) -> int:
        # Locked rows are being deleted by another worker.
        old = f"SELECT id FROM {TABLE} WHERE finished_at < %s ORDER BY finished_at LIMIT %s FOR UPDATE SKIP LOCKED"
        with self._database.session() as connection:
            return connection.execute(f"DELETE FROM {TABLE} WHERE id IN ({old})".encode(), (before, _PRUNED)).rowcount

    def close(self) -> None:
        self._database.close()

    def _page(self, query: LedgerQuery, after: tuple[datetime, str] | None, size: int) -> list[LedgerRow]:
        text, parameters = ledger_query.page(query, _DIALECT, after, size)
        with self._database.session() as connection:
            return [row_of_record(record) for record in connection.execute(text.encode(), parameters).fetchall()]
