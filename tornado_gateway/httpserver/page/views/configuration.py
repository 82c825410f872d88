"""gateway.yaml as a text with the problems of its lines, and what another text would change."""

import difflib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from typing import Any, Literal

from tornado_gateway.httpserver.page.formats import Amount, moment, money, money_column

_LINES = 4000
"""Of a text; beyond, lines are not compared: it would take seconds."""


@dataclass(frozen=True, slots=True)
class SourceLine:
    number: int
    text: str
    problems: Sequence[Mapping[str, Any]]
    level: str


@dataclass(frozen=True, slots=True)
class Changed:
    """A line of the difference; ``gap`` says that lines which are the same are left out here."""

    kind: Literal["same", "added", "removed", "gap"]
    before: int | None
    after: int | None
    text: str


@dataclass(frozen=True, slots=True)
class EffectRow:
    name: str
    requests: int
    old: Amount
    new: Amount
    difference: str


@dataclass(frozen=True, slots=True)
class MovedRow:
    model: str
    before: str
    after: str
    requests: int
    old: str
    estimate: str


@dataclass(frozen=True, slots=True)
class EffectView:
    """What the calls of the last days would have cost. Money is USD."""

    since: str
    old: str
    new: str
    difference: str
    way: Literal["more", "less", "same"]
    requests: int
    by_model: Sequence[EffectRow]
    by_key: Sequence[EffectRow]
    moved: Sequence[MovedRow]
    refused: Sequence[Mapping[str, Any]]
    unpriced: Mapping[str, int]
    nothing: bool


@dataclass(frozen=True, slots=True)
class CheckView:
    ok: bool
    problems: Sequence[Mapping[str, Any]]
    errors: int
    warnings: int
    changes: Sequence[str]
    restart: Sequence[str]
    same: bool
    effect: EffectView | None
    no_effect: str | None


def lines_of(text: str, problems: Sequence[Mapping[str, Any]]) -> list[SourceLine]:
    """The text's lines, each with its problems; those of a line that there is not are at the last."""
    lines = text.split("\n")
    if len(lines) > 1 and not lines[-1]:
        lines.pop()
    at: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for problem in problems:
        at[min(max(problem["line"], 1), len(lines))].append(problem)
    return [SourceLine(number, line, at[number], worst(at[number])) for number, line in enumerate(lines, 1)]


def worst(problems: Sequence[Mapping[str, Any]]) -> str:
    if any(problem["severity"] == "error" for problem in problems):
        return "bad"
    return "warn" if problems else ""


def fingerprint(text: str) -> str:
    """What says that a text is the one that was checked."""
    return sha256(text.encode()).hexdigest()


def changed_lines(before: str, after: str, around: int = 2) -> list[Changed] | None:
    """What differs, with some lines around; None for texts too long to compare."""
    old, new = before.splitlines(), after.splitlines()
    if max(len(old), len(new)) > _LINES:
        return None
    matcher = difflib.SequenceMatcher(None, old, new)
    changed: list[Changed] = []
    end = 0
    for group in matcher.get_grouped_opcodes(around):
        if group[0][1] > end:
            changed.append(Changed("gap", None, None, ""))
        end = group[-1][2]
        for kind, first, last, start, stop in group:
            if kind == "equal":
                changed += [
                    Changed("same", first + at + 1, start + at + 1, old[first + at]) for at in range(last - first)
                ]
                continue
            changed += [Changed("removed", at + 1, None, old[at]) for at in range(first, last)]
            changed += [Changed("added", None, at + 1, new[at]) for at in range(start, stop)]
    return changed


def check_view(document: Mapping[str, Any]) -> CheckView:
    """Of what ``POST check`` answers."""
    problems = document["problems"]
    errors = sum(problem["severity"] == "error" for problem in problems)
    effect = document["effect"]
    return CheckView(
        ok=document["ok"],
        problems=sorted(problems, key=lambda problem: (problem["line"], problem["column"])),
        errors=errors,
        warnings=len(problems) - errors,
        changes=document["changes"],
        restart=document["restart"],
        same=document["ok"] and document["revision"] == document["previous"],
        effect=None if effect is None else _effect(effect, document["since"]),
        no_effect=document["no_effect"],
    )


def rejected_view(problems: Sequence[Mapping[str, Any]]) -> CheckView:
    """Of a text that was not written, for its problems."""
    nothing: dict[str, Any] = {"changes": [], "restart": [], "effect": None, "no_effect": None}
    return check_view({"ok": False, "problems": problems, **nothing})


def _effect(effect: Mapping[str, Any], since: str) -> EffectView:
    kept, served = effect["kept"], effect["served"]
    difference = Decimal(served["difference"])
    requests = kept["total"]["requests"] + sum(each["requests"] for each in (*effect["moved"], *effect["refused"]))
    return EffectView(
        since=moment(since),
        old=money(served["old"]),
        new=money(served["new"]),
        difference=signed(difference),
        way="same" if not difference else "more" if difference > 0 else "less",
        requests=requests,
        by_model=_rows(kept["by_model"]),
        by_key=_rows(kept["by_key"]),
        moved=[
            MovedRow(
                model=each["model"],
                before=", ".join(_shares(each["before"])),
                after=", ".join(_shares(each["after"])),
                requests=each["requests"],
                old=money(each["old"]),
                estimate=money(each["estimate"]),
            )
            for each in effect["moved"]
        ],
        refused=[{**each, "old": money(each["old"])} for each in effect["refused"]],
        unpriced=kept["unpriced"],
        nothing=not requests,
    )


def _rows(groups: Sequence[Mapping[str, Any]]) -> list[EffectRow]:
    old, new = (money_column(each[name] for each in groups) for name in ("old", "new"))
    return [
        EffectRow(
            name=" / ".join(value or "no key" for value in each["group"].values()),
            requests=each["requests"],
            old=before,
            new=after,
            difference=signed(Decimal(each["difference"])),
        )
        for each, before, after in zip(groups, old, new, strict=True)
    ]


def _shares(targets: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for target in targets:
        weight = f" ({target['weight']})" if len(targets) > 1 else ""
        yield f"{target['provider']}/{target['model']}{weight}"


def signed(amount: Decimal) -> str:
    """``+0.50``, ``-0.50`` with a true minus, or ``0.00``."""
    return f"+{money(amount)}" if amount > 0 else money(amount)
