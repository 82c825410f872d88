"""Rules over the texts of a part of a document: what they find is told, and only what they change is written anew."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from tornado_gateway.domain.guardrails.documents import Path, literal_of, spliced
from tornado_gateway.domain.guardrails.members import Kind, Text, texts
from tornado_gateway.domain.guardrails.rules import Checks, MatchRule, ToolRule
from tornado_gateway.domain.guardrails.verdicts import Tally
from tornado_gateway.domain.guardrails.window import guarded
from tornado_gateway.domain.paths import key_path


def rewritten(document: bytes, found: Iterable[Text], checks: Checks, tally: Tally) -> bytes:
    """``document`` as it may go on: itself where nothing in it is changed. Raises ``GuardrailDenied``."""
    said = [(text, guard_text(text, checks, tally)) for text in found]
    return replaced(document, [(text, word) for text, word in said if word != text.said])


def guard_notes(notes: tuple[Any, ...], path: Path, checks: Checks, tally: Tally) -> tuple[Any, ...]:
    """What goes on of the citations of a text, whose titles and quotations are texts as well."""
    document = msgspec.json.encode(notes)
    made = rewritten(document, texts(document, path), checks, tally)
    return notes if made == document else tuple(msgspec.json.decode(made))


def guard_text(text: Text, checks: Checks, tally: Tally) -> str:
    """What goes on of one whole text."""
    kind = text.kind
    if kind is Kind.LIKELIHOODS:
        return text.said
    where = key_path(text.path)
    if kind is Kind.TOOL:
        check_tool(text.said, checks.tools, tally, where)
        return text.said
    rules = fitting(checks.matching, kind)
    if not rules or not text.said:
        return text.said
    sealed, quoted = kind is Kind.SEALED, kind is Kind.ARGUMENTS
    return guarded(text.said, rules, tally, where, gate=checks.gate, sealed=sealed, quoted=quoted)


def fitting(rules: Sequence[MatchRule], kind: Kind) -> Sequence[MatchRule]:
    """The rules that look at texts of this kind."""
    if kind in (Kind.ARGUMENTS, Kind.FREE) and not all(rule.arguments for rule in rules):
        return [rule for rule in rules if rule.arguments]
    return rules


class Offered(NamedTuple):
    """A tool of a request: where it stands, and what it goes by. ``one_is_enough``: the names mean the same."""

    where: str
    names: tuple[str, ...]
    one_is_enough: bool = False


def check_offered(tool: Offered, rules: Iterable[ToolRule], tally: Tally) -> None:
    """Raises ``GuardrailDenied`` for a tool that may not be offered."""
    for rule in rules:
        if rule.forbids_any(tool.names, one_is_enough=tool.one_is_enough):
            _forbidden(rule, tally, tool.where)


def check_tool(name: str, rules: Iterable[ToolRule], tally: Tally, where: str) -> None:
    """Raises ``GuardrailDenied`` for a tool that may not be called."""
    for rule in rules:
        if rule.forbids(name):
            _forbidden(rule, tally, where)


def _forbidden(rule: ToolRule, tally: Tally, where: str) -> None:
    if rule.action == "deny":
        raise tally.refuse(rule, where)
    tally.add(rule, rule.action, where)


def replaced(document: bytes, changes: Sequence[tuple[Text, str]]) -> bytes:
    """The document with other words for some of its texts."""
    if not changes:
        return document
    return spliced(document, [(text.value, literal_of(word)) for text, word in changes])


def without_likelihoods(document: bytes, found: Iterable[Text], nothing: bytes) -> bytes:
    """The tokens of a text say all of it once more: where texts are changed they are left out."""
    return spliced(document, [(text.value, nothing) for text in found if text.kind is Kind.LIKELIHOODS])


def replaced_by_path(document: bytes, found: Iterable[Text], words: Mapping[str, str]) -> bytes:
    """The document with the texts at the places that ``words`` names in other words."""
    changes = [(text, words[place]) for text in found if (place := key_path(text.path)) in words]
    return replaced(document, [(text, word) for text, word in changes if text.said != word])


def raw_members(fields: Mapping[str, msgspec.Raw], names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Those of the members that are there, as bytes."""
    for name in names:
        raw = fields.get(name)
        if raw is not None:
            yield name, bytes(raw)
