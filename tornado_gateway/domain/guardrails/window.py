"""A text that comes in pieces: what of it may go out already, and in which words.

A piece goes out once no match can begin in it that later pieces complete or change; so that however a text is cut, what
goes out is what would have gone out of the whole. A rule holds back its ``window`` of characters at most. What has to
go out before its match is whole goes out as it is: the rest of the match is cut away or, where the rule denies, the
call ends as soon as what is there matches.
"""

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from tornado_gateway.domain.guardrails.matching import Matcher
from tornado_gateway.domain.guardrails.quoting import Escapes, Quoting
from tornado_gateway.domain.guardrails.rules import MOST_WINDOW, MatchRule
from tornado_gateway.domain.guardrails.verdicts import Tally


class Piece:
    """Characters ``start`` to ``end`` of the text at ``where``; ``result`` goes out for it, or is None until then."""

    __slots__ = ("end", "result", "start", "text", "where")

    def __init__(self, text: str, start: int, where: str) -> None:
        self.text = text
        self.where = where
        self.start = start
        self.end = start + len(text)
        self.result: str | None = None if text else text


class _Watch:
    """One matcher's way through the text: what lies before ``at`` it has decided on, and from ``held`` on it holds."""

    __slots__ = ("acts", "at", "held", "matcher", "order", "rule")

    def __init__(self, order: int, rule: MatchRule, matcher: Matcher, acts: str) -> None:
        self.order = order
        self.rule = rule
        self.matcher = matcher
        self.acts = acts
        self.at = 0
        self.held = 0

    def settle(self, opened: int, end: int) -> None:
        """No find that begins before ``opened`` is still to come; the text ends at ``end`` so far."""
        self.held = max(opened, end - self.rule.window, self.at)
        self.at = max(self.at, opened, end - MOST_WINDOW)


class _Cut(NamedTuple):
    """``word`` goes out for the characters from ``start`` up to ``stop``; ``order`` is the rule's."""

    start: int
    order: int
    stop: int
    word: str


class Window:
    """``sealed`` texts must stay as they are: they are refused or flagged alone. In ``quoted`` ones, JSON in a text, a
    replacement is written so that they stay JSON."""

    def __init__(
        self,
        rules: Sequence[MatchRule],
        tally: Tally,
        where: str,
        *,
        gate: Matcher | None = None,
        sealed: bool = False,
        quoted: bool = False,
    ) -> None:
        self._gate = gate
        self._tally = tally
        self._where = where
        self._watches = [
            _Watch(order, rule, matcher, "flag" if sealed and rule.action == "redact" else rule.action)
            for order, rule in enumerate(rules)
            for matcher in rule.matchers
        ]
        self._quoting = Quoting() if quoted else None
        self._escapes = Escapes() if quoted else None
        self._text = ""
        """What is seen: of JSON, what its escapes stand for."""
        self._written: list[str] | None = None
        """How each character of it is written, None as long as all are as they are."""
        self._base = 0
        """Place of the first character that is still there: one more than is needed, as a neighbour."""
        self._at = 0
        """What every watch has decided on, or more: the gate alone tells it of most texts."""
        self._widest = max((watch.rule.window for watch in self._watches if watch.acts != "flag"), default=0)
        self._out = 0
        """Where what has not gone out yet begins."""
        self._pieces: deque[Piece] = deque()
        self._cuts: list[_Cut] = []
        """What is replaced, in order and apart from each other."""

    def add(self, text: str) -> Piece:
        """The next piece; ``settle`` decides on it."""
        if self._escapes is not None:
            return self._add(*self._escapes.read(text))
        return self._add(text, None)

    def _add(self, text: str, written: list[str] | None) -> Piece:
        piece = Piece(text, self._base + len(self._text), self._where)
        if written is not None and self._written is None:
            self._written = list(self._text)
        if self._written is not None:
            self._written.extend(text if written is None else written)
        self._text += text
        if text or self._begun:
            piece.result = None
            self._pieces.append(piece)
        return piece

    @property
    def _begun(self) -> bool:
        """The last piece ends within an escape, and has to wait for the next one: it may be the last of all."""
        return self._escapes is not None and self._escapes.begun

    def settle(self, *, final: bool = False) -> None:
        """Lets go what may go, all of it where no more is to come. Raises ``GuardrailDenied``."""
        if final and self._escapes is not None:
            self._complete(*self._escapes.read("", final=True))
        end = self._base + len(self._text)
        limit = self._quiet(end, final=final) if self._gate is not None else None
        if limit is None:
            limit = end
            for watch in self._watches:
                watch.at = max(watch.at, self._at)
                self._search(watch, end, final=final)
                if watch.acts != "flag":
                    limit = min(limit, watch.held)
            self._at = min((watch.at for watch in self._watches), default=end)
            self._merge()
        limit = self._before_cuts(max(limit, self._out))
        while self._pieces and self._pieces[0].end <= limit and not (self._begun and len(self._pieces) == 1):
            piece = self._pieces.popleft()
            piece.result = self._rendered(piece)
            self._out = piece.end
        self._forget()

    def _complete(self, text: str, written: list[str] | None) -> None:
        """An escape that was only begun belongs to the last piece: nothing completes it any more."""
        if text:
            rest = self._add(text, written)
            self._pieces.pop()
            self._pieces[-1].end = rest.end

    def _quiet(self, end: int, *, final: bool) -> int | None:
        """What may go out where no rule finds anything, None where one search alone can't tell."""
        assert self._gate is not None, "it is asked where it is there"
        reading = self._gate.read(self._text)
        start = self._at - self._base
        if reading.next(start) is not None:
            return None
        opened = end if final else self._base + reading.open(start)
        self._at = max(opened, end - MOST_WINDOW)
        return max(opened, end - self._widest)

    def _search(self, watch: _Watch, end: int, *, final: bool) -> None:
        base = self._base
        reading = watch.matcher.read(self._text)
        opened = -1
        while True:
            if opened < watch.at:
                opened = end if final else base + reading.open(watch.at - base)
                bound = max(opened, end - watch.rule.window)
            found = reading.next(watch.at - base)
            if found is None or base + found.start >= bound:
                break
            for start, stop in found.spans:
                self._found(watch, base + start, base + stop)
            watch.at = base + found.resume
        watch.settle(opened, end)

    def _found(self, watch: _Watch, start: int, stop: int) -> None:
        if watch.acts == "deny":
            raise self._tally.refuse(watch.rule, self._where)
        self._tally.add(watch.rule, watch.acts, self._where)
        if watch.acts == "redact" and stop > self._out:
            self._cuts.append(_Cut(max(start, self._out), watch.order, stop, watch.rule.replacement))

    def _merge(self) -> None:
        """Finds that overlap are replaced as one, by the word of the one that begins first."""
        apart: list[_Cut] = []
        for cut in sorted(self._cuts):
            if apart and cut.start < apart[-1].stop:
                apart[-1] = apart[-1]._replace(stop=max(cut.stop, apart[-1].stop))
            else:
                apart.append(cut)
        self._cuts = apart

    def _before_cuts(self, limit: int) -> int:
        for cut in self._cuts:
            if cut.start < limit < cut.stop:
                return cut.start
        return limit

    def _rendered(self, piece: Piece) -> str:
        if not self._cuts and self._quoting is None:
            return piece.text
        told: list[str] = []
        at = piece.start
        for cut in self._cuts:
            if cut.start >= piece.end:
                break
            if cut.start >= at:
                told += (self._kept(at, cut.start), self._replaced(cut))
                at = cut.start
            if cut.stop > at:
                stop = min(cut.stop, piece.end)
                self._kept(at, stop)
                at = stop
        told.append(self._kept(at, piece.end))
        self._cuts = [cut for cut in self._cuts if cut.stop > piece.end]
        return "".join(told)

    def _kept(self, start: int, stop: int) -> str:
        seen = slice(start - self._base, stop - self._base)
        text = self._text[seen] if self._written is None else "".join(self._written[seen])
        if self._quoting is not None:
            self._quoting.read(text)
        return text

    def _replaced(self, cut: _Cut) -> str:
        return cut.word if self._quoting is None else self._quoting.written(cut.word)

    def _forget(self) -> None:
        """Everything before the first character that somebody still has to see, but for its neighbour."""
        needed = min(self._out, self._at) - 1
        if needed > self._base:
            if self._written is not None:
                del self._written[: needed - self._base]
            self._text = self._text[needed - self._base :]
            self._base = needed


def guarded(
    text: str,
    rules: Sequence[MatchRule],
    tally: Tally,
    where: str,
    *,
    gate: Matcher | None = None,
    sealed: bool = False,
    quoted: bool = False,
) -> str:
    """What goes out of a whole ``text``. Raises ``GuardrailDenied``."""
    if gate is not None and not (quoted and "\\" in text) and gate.read(text).next(0) is None:
        return text
    window = Window(rules, tally, where, sealed=sealed, quoted=quoted)
    piece = window.add(text)
    window.settle(final=True)
    assert piece.result is not None, "nothing is held of a text that has ended"
    return piece.result
