"""The ledger's rows for operators: a page at a time, filtered, the newest first; and one request with its receipt."""

import base64
import binascii
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from tornado_gateway.admin.documents import told
from tornado_gateway.admin.parameters import Parameters
from tornado_gateway.admin.reading import LedgerReader, Patience
from tornado_gateway.admin.rows import receipt_document, row_document
from tornado_gateway.domain.administration import Asked, Told
from tornado_gateway.domain.audit import audit
from tornado_gateway.domain.errors import InvalidRequest, NotFound
from tornado_gateway.domain.ledger import Ledger, LedgerQuery, LedgerRow
from tornado_gateway.domain.ports import Clock
from tornado_gateway.domain.snapshot import SnapshotHolder

FILTERS = ("since", "until", "key", "route", "provider", "model", "status", "tag")

_PAGE = 100
_LARGEST = 500


class Requests:
    def __init__(self, *, reader: LedgerReader[Ledger], snapshots: SnapshotHolder, clock: Clock) -> None:
        self._reader = reader
        self._snapshots = snapshots
        self._clock = clock

    async def listed(self, asked: Asked) -> Told:
        """A page, and the cursor of the next; None where there is none."""
        parameters = Parameters(asked, (*FILTERS, "limit", "cursor"), self._clock.now())
        limit = parameters.number("limit", usual=_PAGE, most=_LARGEST)
        cursor = parameters.text("cursor")
        after = None if cursor is None else _position(cursor)
        query = replace(query_of(parameters), newest_first=True, after=after, limit=limit + 1)

        def page(ledger: Ledger, check: Patience) -> list[LedgerRow]:
            return list(ledger.rows(query))

        rows = await self._reader.ask(page)
        more = len(rows) > limit
        del rows[limit:]
        return told({"requests": [row_document(row) for row in rows], "next": _cursor(rows[-1]) if more else None})

    async def one(self, asked: Asked) -> Told:
        """All rows of a request's id: several, where a caller gives one to many or two tries were made at once."""
        Parameters(asked, (), self._clock.now())
        name = asked.path.partition("/")[2]
        query = LedgerQuery(request_id=name, newest_first=True, limit=_PAGE)
        if "\0" in name or len(name) > 128 or not name.isascii():
            raise NotFound("There is no such request.")

        def found(ledger: Ledger, check: Patience) -> list[LedgerRow]:
            return list(ledger.rows(query))

        rows = await self._reader.ask(found)
        if not rows:
            raise NotFound(f"There is no request {name!r} in the ledger: it is there a second after its end.")
        snapshot = self._snapshots.current
        calls: list[dict[str, Any]] = [
            {**row_document(row), **receipt_document(row, audit(row, snapshot.prices, snapshot.revision))}
            for row in rows
        ]
        return told({"request_id": name, "revision": snapshot.revision, "calls": calls})


def query_of(parameters: Parameters) -> LedgerQuery:
    """Raises ``InvalidRequest``."""
    status = parameters.text("status")
    return LedgerQuery(
        since=parameters.moment("since"),
        until=parameters.moment("until"),
        key=parameters.text("key"),
        route=parameters.text("route"),
        provider=parameters.text("provider"),
        model=parameters.text("model"),
        status=None if status is None else parameters.number("status", usual=0, least=100, most=599),
        tags=dict(_tag(each) for each in parameters.each("tag")),
    )


def _tag(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not name or not sign:
        raise InvalidRequest("tag must be NAME=VALUE.", param="tag")
    return name, value


def _cursor(row: LedgerRow) -> str:
    return base64.urlsafe_b64encode(f"{row.finished_at.isoformat()} {row.id}".encode()).decode()


def _position(cursor: str) -> tuple[datetime, str]:
    try:
        at, _, row = base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True).decode().partition(" ")
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None or not row or "\0" in row or not 1970 <= moment.year < 9999:
            raise ValueError
    except (ValueError, binascii.Error) as error:
        raise InvalidRequest("cursor is none that was given.", param="cursor") from error
    return moment, row
