"""The recorder: each call that ended becomes a row of the ledger, and none gets lost on the way."""

import threading
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from loguru import logger

from tornado_gateway.domain.errors import InvalidApiKey
from tornado_gateway.domain.events import AttemptAbandoned, Event, RequestFinished
from tornado_gateway.domain.ledger import LedgerRow
from tornado_gateway.domain.ports import Clock
from tornado_gateway.domain.rows import row_of, row_of_abandoned
from tornado_gateway.storage.journal import Journal
from tornado_gateway.storage.ledger_writer import Batch, LedgerWriter

_MOST_HELD = 100_000
"""Rows, some 100 MB. More are not kept in memory while neither the database nor the disk takes any."""

_LAST_WAIT = 1.0
"""Seconds that a batch under way has at the end, before its rows go to the journal as well."""
_JOURNAL_WAIT = 5.0
"""Seconds that the disk has for that."""


@dataclass(frozen=True, slots=True)
class LedgerFigures:
    """``rows`` by what became of them: written, replayed (from a journal), journaled, refused, lost."""

    rows: Mapping[str, int]
    waiting: int
    """In memory."""
    journaled: int
    """In this process's journals, not yet in the ledger."""
    failures: int
    up: bool


class NoRecorder:
    """Where no ledger is kept."""

    def start(self) -> None:
        pass

    def close(self) -> None:
        pass


class LedgerRecorder:
    """Takes events from the bus at the price of an append, and has each row on disk ``interval`` seconds later.

    Half of the interval rows are gathered, in the other half the writer has time to write them. What is not in the
    ledger by then goes to the journal, be the database away or only slow, and comes from there to the ledger when it
    can: a row may be written twice, and is there once, by its id. A process that is killed loses what ended within the
    last interval, at most.
    """

    def __init__(self, *, writer: LedgerWriter, journal: Journal, clock: Clock, interval: float) -> None:
        self._writer = writer
        self._journal = journal
        self._clock = clock
        self._half = interval / 2
        self._queue: deque[RequestFinished | LedgerRow] = deque()
        self._batch: Batch | None = None
        self._held: list[LedgerRow] = []
        self._counts: Counter[str] = Counter(journaled=0, lost=0)
        self._complained = 0
        """Times in this failure of the journal: when it begins, and when rows get lost by it."""
        self._awake = False
        self._closing = False
        self._last_wait = 0.0
        self._wake = threading.Event()
        self._hurry = threading.Event()
        self._thread: threading.Thread | None = None

    def offer(self, event: Event) -> None:
        """From any thread; never waits, never raises."""
        kind = type(event)
        if kind is RequestFinished:
            if event.status == InvalidApiKey.status and event.principal is None:  # type: ignore[union-attr]
                return  # nobody's call, which nobody answered: strangers are not to fill the disk
            self._queue.append(event)  # type: ignore[arg-type]
        elif kind is AttemptAbandoned:
            self._queue.append(row_of_abandoned(event, self._clock.now()))  # type: ignore[arg-type]
        else:
            return
        if not self._awake:
            self._awake = True
            self._wake.set()

    def start(self) -> None:
        """In the process that serves: threads do not live on in a fork."""
        if self._thread is None:
            self._writer.start()
            self._thread = threading.Thread(target=self._run, name="ledger-recorder", daemon=True)
            self._thread.start()

    def close(self, deadline: float = 5.0) -> None:
        """Writes what there is; what the ledger has not taken ``deadline`` seconds later waits in the journal."""
        end = self._clock.monotonic() + deadline
        self._last_wait = min(self._half, _LAST_WAIT, deadline / 2)
        self._closing = True
        self._hurry.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(deadline + _JOURNAL_WAIT)
            if self._thread.is_alive():
                logger.error("the ledger's journal is not written to its end: its disk does not answer")
                return
        ended = self._writer.close(max(0.0, end - self._clock.monotonic()))
        left = [*self._unwritten(), *self._held, *self._take()]
        self._held = []
        if left:
            self._spill(left)
        if ended:
            self._journal.close()

    @property
    def figures(self) -> LedgerFigures:
        batch = self._batch
        on_the_way = 0 if batch is None or batch.written.is_set() else len(batch.rows)
        return LedgerFigures(
            rows={**self._writer.rows, **self._counts},
            waiting=len(self._queue) + len(self._held) + on_the_way,
            journaled=self._journal.waiting,
            failures=self._writer.failures,
            up=self._writer.up,
        )

    def _run(self) -> None:
        while True:
            if self._batch is None and not self._held:
                self._wake.wait()
            self._hurry.wait(self._half)
            # In this order: what is offered between two of these lines is either taken below or wakes us again.
            self._wake.clear()
            self._awake = False
            self._settle()
            if self._closing:
                return

    def _settle(self) -> None:
        if self._closing and self._batch is not None:
            self._batch.written.wait(self._last_wait)
        late = self._unwritten()
        rows = [*self._held, *self._take()]
        self._held = []
        # A writer that is late gets nothing more before its time.
        self._batch = self._writer.submit(rows) if rows and not late else None
        if self._batch is None and (late or rows):
            self._spill([*late, *rows])

    def _unwritten(self) -> Sequence[LedgerRow]:
        """What the writer was given last, where it has not written it by now."""
        batch, self._batch = self._batch, None
        if batch is None or batch.written.is_set():
            return ()
        self._writer.withdraw(batch)
        return batch.rows

    def _spill(self, rows: list[LedgerRow]) -> None:
        try:
            self._journal.append(rows)
        except OSError as error:
            self._held = rows[:_MOST_HELD]
            lost = len(rows) - len(self._held)
            self._counts["lost"] += lost
            if self._complained < 1 + bool(lost):
                self._complained += 1
                line = logger.bind(reason=error.strerror, held=len(self._held), lost=lost)
                line.error("neither the ledger nor its journal can be written: rows are in memory alone")
            return
        self._complained = 0
        self._counts["journaled"] += len(rows)
        self._writer.look()

    def _take(self) -> list[LedgerRow]:
        rows: list[LedgerRow] = []
        queue = self._queue
        for _ in range(len(queue)):
            item = queue.popleft()
            rows.append(item if isinstance(item, LedgerRow) else row_of(item))
        return rows
