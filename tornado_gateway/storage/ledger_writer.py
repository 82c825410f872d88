"""The thread that writes to the ledger: batches as they come, what waits in journals, and old rows out of it."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from loguru import logger

from tornado_gateway.domain.ledger import Ledger, LedgerRefused, LedgerRow, LedgerUnavailable
from tornado_gateway.domain.ports import Clock
from tornado_gateway.storage.journal import Journal

_CHUNK = 1000
"""Rows of a journal that are written at once: between two chunks a batch has its turn."""


@dataclass(frozen=True, slots=True)
class Pace:
    """All in seconds."""

    first_retry: float = 0.25
    last_retry: float = 10.0
    """Each try at a ledger that is away comes twice as late as the one before, up to this."""
    adopt: float = 30.0
    """Between two looks for journals of processes that are gone."""
    prune: float = 3600.0
    breath: float = 0.2
    """Between two turns of pruning."""


class Batch:
    """Rows on their way. ``written`` is set once they are in the ledger."""

    def __init__(self, rows: Sequence[LedgerRow]) -> None:
        self.rows = rows
        self.written = threading.Event()


class LedgerWriter:
    """Has the ledger to itself, which is opened in its thread. Nothing here waits but that thread, and ``close``.

    What the database refuses for good is put aside (``Journal.refuse``); what it can't take now stays with whoever
    brought it, and the journals' files stay where they are.
    """

    def __init__(
        self,
        *,
        open: Callable[[], Ledger],  # noqa: A002 - what it does
        journal: Journal,
        clock: Clock,
        retention: timedelta | None = None,
        pace: Pace = Pace(),
    ) -> None:
        self.up = False
        self.failures = 0
        self.rows: Counter[str] = Counter(written=0, replayed=0, refused=0)
        self._open = open
        self._ledger: Ledger | None = None
        self._journal = journal
        self._clock = clock
        self._retention = retention
        self._pace = pace
        self._changed = threading.Condition()
        self._inbox: Batch | None = None
        self._looked = False
        """Whether the thread has seen what was said to it last."""
        self._closing_at: float | None = None
        self._retry = pace.first_retry
        self._next_try = self._next_adoption = self._next_pruning = clock.monotonic()
        self._told = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="ledger-writer", daemon=True)
        self._thread.start()

    def submit(self, rows: Sequence[LedgerRow]) -> Batch | None:
        """Hands over the rows; None where the ledger is away or has not even begun with the batch before."""
        with self._changed:
            if not self.up or self._inbox is not None:
                return None
            self._inbox = Batch(rows)
            self._changed.notify()
            return self._inbox

    def withdraw(self, batch: Batch) -> None:
        """Takes back what was not begun with; what was may yet be written."""
        with self._changed:
            if self._inbox is batch:
                self._inbox = None

    def look(self) -> None:
        """There may be rows in the journal."""
        with self._changed:
            self._looked = False
            self._changed.notify()

    def close(self, deadline: float) -> bool:
        """Writes what is handed over and what waits in journals, for ``deadline`` seconds at most; True if it ended."""
        with self._changed:
            self._closing_at = self._clock.monotonic() + deadline
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(deadline)
            return not self._thread.is_alive()
        return True

    def _run(self) -> None:
        while True:
            batch = self._next_batch()
            if batch is not None:
                self._guarded(partial(self._write, batch))
            elif self._ended():
                break
            else:
                self._do_chores()
        if self._ledger is not None:
            self._ledger.close()

    def _next_batch(self) -> Batch | None:
        with self._changed:
            self._changed.wait_for(
                lambda: self._inbox is not None or not self._looked or self._closing_at is not None, self._patience()
            )
            self._looked = True
            batch, self._inbox = self._inbox, None
            return batch

    def _patience(self) -> float:
        """Seconds until there is something to do that nobody says."""
        if not self.up:
            due = self._next_try
        elif self._journal.waiting:
            return 0
        else:
            due = self._next_adoption if self._retention is None else min(self._next_adoption, self._next_pruning)
        return max(0.0, due - self._clock.monotonic())

    def _ended(self) -> bool:
        if self._closing_at is None:
            return False
        return not self.up or not self._journal.waiting or self._clock.monotonic() >= self._closing_at

    def _do_chores(self) -> None:
        now = self._clock.monotonic()
        if not self.up:
            if now >= self._next_try:
                self._guarded(lambda ledger: ledger.append(()))
            return
        if now >= self._next_adoption:
            self._next_adoption = now + self._pace.adopt
            self._guarded(lambda _ledger: self._adopt())
        if self._journal.waiting:
            self._guarded(self._replay)
        elif self._retention is not None and now >= self._next_pruning:
            self._guarded(self._prune)

    def _guarded(self, action: Callable[[Ledger], None]) -> None:
        try:
            if self._ledger is None:
                self._ledger = self._open()
            action(self._ledger)
        except LedgerUnavailable as unavailable:
            self._failed(str(unavailable))
            return
        except Exception as error:
            # Whatever it is, the next rows are to be written all the same.
            logger.opt(exception=error).error("the ledger's writer failed")
            self._failed(type(error).__name__)
            return
        if not self.up:
            if self._told:
                logger.info("the ledger is back")
            self.up, self._told, self._retry = True, False, self._pace.first_retry

    def _failed(self, reason: str) -> None:
        self.failures += 1
        self.up = False
        self._next_try = self._clock.monotonic() + self._retry
        self._retry = min(2 * self._retry, self._pace.last_retry)
        if not self._told:
            self._told = True
            logger.bind(reason=reason).warning("the ledger is away, rows go to the journal until it is back")

    def _write(self, batch: Batch, ledger: Ledger) -> None:
        self.rows["written"] += self._append(ledger, batch.rows)
        batch.written.set()

    def _append(self, ledger: Ledger, rows: Sequence[LedgerRow]) -> int:
        """How many of the rows the ledger has now; the others are put aside."""
        try:
            ledger.append(rows)
        except LedgerRefused as refused:
            if len(rows) > 1:
                return sum(self._append(ledger, [row]) for row in rows)
            self._put_aside(rows[0], str(refused))
            return 0
        return len(rows)

    def _put_aside(self, row: LedgerRow, reason: str) -> None:
        self.rows["refused"] += 1
        line = logger.bind(request_id=row.request_id, reason=reason)
        try:
            line.error("the ledger refuses a row, which is kept in {}", self._journal.refuse([row]))
        except OSError as error:
            # Not even there: the others are not to wait for this one.
            line.error("the ledger refuses a row, which is lost: it can't be put aside, {}", error.strerror)

    def _adopt(self) -> None:
        try:
            adopted = self._journal.adopt()
        except OSError as error:
            logger.bind(reason=error.strerror).warning("journals of other processes can't be looked for")
            return
        if adopted:
            logger.bind(rows=self._journal.waiting).info("journals of other processes are taken over: {}", adopted)

    def _replay(self, ledger: Ledger) -> None:
        file = self._journal.oldest()
        if file is None:
            return
        chunk = file.next(_CHUNK)
        if chunk.rows:
            self.rows["replayed"] += self._append(ledger, chunk.rows)
        file.take(chunk)
        if chunk.torn:
            line = logger.bind(file=str(file.path), bytes=chunk.torn)
            line.warning("a journal of the ledger ends in half a row: its process was killed while it wrote")
        if file.empty:
            self._journal.done(file)

    def _prune(self, ledger: Ledger) -> None:
        assert self._retention is not None
        deleted = ledger.prune(self._clock.now() - self._retention)
        pause = self._pace.breath if deleted else self._pace.prune
        self._next_pruning = self._clock.monotonic() + pause
