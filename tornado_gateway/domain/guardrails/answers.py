"""A whole answer under the rules of its route, relayed or translated: refused, or given on with what they have changed.
Pure."""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from tornado_gateway.domain.call import Answer
from tornado_gateway.domain.chat import ChatResponse, Choice, Part, Reasoning, Refusal, Text, ToolCall
from tornado_gateway.domain.guardrails.members import ANSWER, Kind, texts
from tornado_gateway.domain.guardrails.members import Text as Found
from tornado_gateway.domain.guardrails.rewriting import (
    check_tool,
    fitting,
    guard_notes,
    raw_members,
    replaced_by_path,
    rewritten,
    without_likelihoods,
)
from tornado_gateway.domain.guardrails.rules import Checks
from tornado_gateway.domain.guardrails.verdicts import Tally
from tornado_gateway.domain.guardrails.window import Piece, Window
from tornado_gateway.domain.paths import key_path
from tornado_gateway.domain.wire import OPENAI_RESPONSES, Wire

NO_LIKELIHOODS = {OPENAI_RESPONSES: b"[]"}
"""What stands where the tokens of a text stood; null where nothing is said here."""


def guard_answer(answer: Answer, checks: Checks, tally: Tally) -> Answer:
    """``answer`` itself where nothing in it is changed. Raises ``GuardrailDenied``."""
    if answer.relayed is not None:
        return _relayed(answer, answer.relayed, checks, tally)
    if answer.chat is not None:
        return _translated(answer, answer.chat, checks, tally)
    return answer


def _relayed(answer: Answer, wire: Wire, checks: Checks, tally: Tally) -> Answer:
    changed = {}
    for name, raw in raw_members(wire.fields, ANSWER):
        said, found = raw, list(texts(raw, (name,)))
        if checks.redacts and any(text.kind is Kind.LIKELIHOODS for text in found):
            said = without_likelihoods(raw, found, NO_LIKELIHOODS.get(wire.protocol, b"null"))
            found = list(texts(said, (name,)))
        said = rewritten(said, found, checks, tally)
        if said != raw:
            changed[name] = msgspec.Raw(said)
    return _with_members(answer, wire, changed)


def replace_texts(answer: Answer, words: Mapping[str, str]) -> Answer:
    """The answer with the texts at these places in other words."""
    if answer.relayed is not None:
        wire = answer.relayed
        changed = {
            name: msgspec.Raw(said)
            for name, raw in raw_members(wire.fields, ANSWER)
            if (said := replaced_by_path(raw, texts(raw, (name,)), words)) is not raw
        }
        return _with_members(answer, wire, changed)
    if answer.chat is None:
        return answer
    choices = [
        _with_parts(choice, [_with(part, words.get(where)) for where, part in _placed(choice)])
        for choice in answer.chat.choices
    ]
    return msgspec.structs.replace(answer, chat=msgspec.structs.replace(answer.chat, choices=tuple(choices)))


def answer_texts(answer: Answer) -> Iterator[tuple[str, str]]:
    """All that an answer says, and where."""
    if answer.relayed is not None:
        for name, raw in raw_members(answer.relayed.fields, ANSWER):
            yield from ((key_path(text.path), text.said) for text in texts(raw, (name,)) if is_said(text))
    elif answer.chat is not None:
        for choice in answer.chat.choices:
            yield from ((where, said) for where, part in _placed(choice) if (said := _said(part)))


def is_said(text: Found) -> bool:
    return text.kind not in (Kind.TOOL, Kind.LIKELIHOODS) and bool(text.said)


def _with_members(answer: Answer, wire: Wire, changed: Mapping[str, msgspec.Raw]) -> Answer:
    if not changed:
        return answer
    return msgspec.structs.replace(answer, relayed=Wire(wire.protocol, {**wire.fields, **changed}))


def _translated(answer: Answer, chat: ChatResponse, checks: Checks, tally: Tally) -> Answer:
    choices = tuple(_choice(choice, checks, tally) for choice in chat.choices)
    if choices == chat.choices:
        return answer
    return msgspec.structs.replace(answer, chat=msgspec.structs.replace(chat, choices=choices))


def _choice(choice: Choice, checks: Checks, tally: Tally) -> Choice:
    """Texts that follow each other are one to whoever reads them."""
    windows: dict[Kind | str, Window] = {}
    pieces: list[Piece | None] = []
    for where, part in _placed(choice):
        if isinstance(part, ToolCall):
            check_tool(part.name, checks.tools, tally, where)
        said, kind = _said(part), _kind(part)
        if said is None:
            pieces.append(None)
            continue
        key = where if isinstance(part, ToolCall) else f"{type(part).__name__}{kind}"
        if key not in windows:
            windows[key] = Window(
                fitting(checks.matching, kind),
                tally,
                where,
                gate=checks.gate,
                sealed=kind is Kind.SEALED,
                quoted=isinstance(part, ToolCall) and not part.custom,
            )
        pieces.append(windows[key].add(said))
    for window in windows.values():
        window.settle(final=True)
    parts = [
        part if piece is None else _with(part, piece.result)
        for part, piece in zip(choice.message.parts, pieces, strict=True)
    ]
    for number, part in enumerate(parts):
        if isinstance(part, Text) and part.annotations:
            place = ("choices", choice.index, "parts", number, "annotations")
            notes = guard_notes(part.annotations, place, checks, tally)
            parts[number] = msgspec.structs.replace(part, annotations=notes)
    made = _with_parts(choice, parts)
    return msgspec.structs.replace(made, logprobs=None) if checks.redacts and made.logprobs is not None else made


def _placed(choice: Choice) -> Iterator[tuple[str, Part]]:
    for number, part in enumerate(choice.message.parts):
        yield f"choices[{choice.index}].parts[{number}]", part


def _said(part: Part) -> str | None:
    match part:
        case Text() | Refusal() | Reasoning():
            return part.text
        case ToolCall():
            return part.arguments
    return None


def _kind(part: Part) -> Kind:
    if isinstance(part, ToolCall):
        return Kind.ARGUMENTS
    sealed = isinstance(part, Reasoning) and (part.signature is not None or part.redacted is not None)
    return Kind.SEALED if sealed else Kind.TEXT


def _with(part: Part, word: str | None) -> Part:
    if word is None or word == _said(part):
        return part
    if isinstance(part, ToolCall):
        return msgspec.structs.replace(part, arguments=word)
    if isinstance(part, Text | Refusal | Reasoning):
        return msgspec.structs.replace(part, text=word)
    return part


def _with_parts(choice: Choice, parts: Sequence[Part]) -> Choice:
    return msgspec.structs.replace(choice, message=msgspec.structs.replace(choice.message, parts=tuple(parts)))
