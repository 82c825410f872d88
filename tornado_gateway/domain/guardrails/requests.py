"""A request under the rules of its route: refused, or given on with what they have changed. Pure."""

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from tornado_gateway.domain.call import ModelCall
from tornado_gateway.domain.guardrails.members import DESCRIBING, REQUEST, Kind, Text, descriptions, texts
from tornado_gateway.domain.guardrails.rewriting import check_tool, raw_members, replaced_by_path, rewritten
from tornado_gateway.domain.guardrails.rules import Checks, SizeRule
from tornado_gateway.domain.guardrails.verdicts import Tally
from tornado_gateway.domain.paths import key_path
from tornado_gateway.domain.wire import Wire

_FIRST_TOOLS = ("tools", "functions")


def guard_request(call: ModelCall, checks: Checks, tally: Tally) -> ModelCall:
    """``call`` itself where nothing in it is changed. Raises ``GuardrailDenied``, naming rule and field."""
    fields = call.wire.fields
    found = list(request_texts(fields))
    for rule in checks.sizes:
        _check_size(rule, fields, [text for _, _, listed in found for text in listed], tally)
    if checks.tools:
        for where, name in offered(fields):
            check_tool(name, checks.tools, tally, where)
    if not checks.matching:
        return call
    changed = {
        name: msgspec.Raw(said)
        for name, raw, listed in found
        if (said := rewritten(raw, listed, checks, tally)) is not raw
    }
    return with_members(call, changed)


def replace_texts(call: ModelCall, words: Mapping[str, str]) -> ModelCall:
    """The call with the texts at these places in other words."""
    changed = {
        name: msgspec.Raw(said)
        for name, raw, listed in request_texts(call.wire.fields)
        if (said := replaced_by_path(raw, listed, words)) is not raw
    }
    return with_members(call, changed)


def request_texts(fields: Mapping[str, msgspec.Raw]) -> Iterator[tuple[str, bytes, Sequence[Text]]]:
    """Each member that holds texts, with them."""
    for name, raw in raw_members(fields, REQUEST):
        yield name, raw, [text for text in texts(raw, (name,)) if text.kind not in (Kind.TOOL, Kind.LIKELIHOODS)]
    for name, raw in raw_members(fields, DESCRIBING):
        yield name, raw, list(descriptions(raw, (name,)))


def offered(fields: Mapping[str, msgspec.Raw]) -> Iterator[tuple[str, str]]:
    """The tools that a model may call, by name, and where each stands; one of the provider's own by its type."""
    for member, raw in raw_members(fields, _FIRST_TOOLS):
        listed = msgspec.json.decode(raw)
        for index, tool in enumerate(listed if isinstance(listed, list) else ()):
            if isinstance(tool, dict):
                yield key_path((member, index)), _name(tool)


def with_members(call: ModelCall, changed: Mapping[str, msgspec.Raw]) -> ModelCall:
    """A call that says these members so."""
    if not changed:
        return call
    made = copy.copy(call)
    made.wire = Wire(call.wire.protocol, {**call.wire.fields, **changed})
    made.__dict__.pop("chat", None)  # it was opened as it was
    return made


def _name(tool: dict[str, Any]) -> str:
    for holder in (tool.get("function"), tool.get("custom"), tool):
        if isinstance(holder, dict) and isinstance(holder.get("name"), str):
            return str(holder["name"])
    return str(tool.get("type") or "")


def _check_size(rule: SizeRule, fields: Mapping[str, msgspec.Raw], found: Sequence[Text], tally: Tally) -> None:
    if rule.max_messages is not None:
        for name, count in _listed(fields):
            if count > rule.max_messages:
                _over(rule, name, f"{name} has {count} entries, and {rule.max_messages} is the most.", tally)
    if rule.max_prompt_chars is not None:
        size = sum(len(text.said) for text in found)
        if size > rule.max_prompt_chars:
            where = found[0].path[0]
            said = f"The request's texts have {size} characters, and {rule.max_prompt_chars} is the most."
            _over(rule, str(where), said, tally)


def _over(rule: SizeRule, where: str, said: str, tally: Tally) -> None:
    if rule.action == "deny":
        raise tally.refuse(rule, where, rule.message or said)
    tally.add(rule, rule.action, where)


def _listed(fields: Mapping[str, msgspec.Raw]) -> Iterator[tuple[str, int]]:
    for name, raw in raw_members(fields, ("messages", "input", "prompt")):
        if raw.lstrip().startswith(b"["):
            yield name, len(msgspec.json.decode(raw, type=list[msgspec.Raw]))
