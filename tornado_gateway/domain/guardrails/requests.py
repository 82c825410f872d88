"""A request under the rules of its route: refused, or given on with what they have changed. Pure."""

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from tornado_gateway.domain.call import ModelCall
from tornado_gateway.domain.guardrails.documents import Path
from tornado_gateway.domain.guardrails.members import DESCRIBING, PARAMETERS, REQUEST, Kind, Text, descriptions, texts
from tornado_gateway.domain.guardrails.rewriting import Offered, check_offered, raw_members, replaced_by_path, rewritten
from tornado_gateway.domain.guardrails.rules import Checks, SizeRule
from tornado_gateway.domain.guardrails.verdicts import Tally
from tornado_gateway.domain.paths import key_path
from tornado_gateway.domain.wire import Wire

_FIRST_TOOLS = ("tools", "functions")
_BESIDE = {"mcp_servers": "mcp", "web_search_options": "web_search"}
"""Members that give a model tools without a list of them, and what those are called in one."""
_CALLERS_OWN = ("function", "custom")
"""Types of the tools that the caller runs."""


def guard_request(call: ModelCall, checks: Checks, tally: Tally) -> ModelCall:
    """``call`` itself where nothing in it is changed. Raises ``GuardrailDenied``, naming rule and field."""
    fields = call.wire.fields
    found = list(request_texts(fields))
    for rule in checks.sizes:
        _check_size(rule, fields, [text for _, _, listed in found for text in listed], tally)
    if checks.tools:
        for tool in offered(fields):
            check_offered(tool, checks.tools, tally)
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
    others = [name for name in fields if name not in PARAMETERS and name not in REQUEST and name not in DESCRIBING]
    for name, raw in raw_members(fields, (*REQUEST, *others)):
        yield name, raw, [text for text in texts(raw, (name,)) if text.kind not in (Kind.TOOL, Kind.LIKELIHOODS)]
    for name, raw in raw_members(fields, DESCRIBING):
        yield name, raw, list(descriptions(raw, (name,)))


def offered(fields: Mapping[str, msgspec.Raw]) -> Iterator[Offered]:
    """The tools that a model may call; one of the provider's own goes by its type."""
    for member, raw in raw_members(fields, _FIRST_TOOLS):
        yield from _listed_tools(msgspec.json.decode(raw), (member,))
    for member, name in _BESIDE.items():
        if member in fields and bytes(fields[member]) not in (b"null", b"[]"):
            yield Offered(member, (name,))


def _listed_tools(listed: Any, path: Path) -> Iterator[Offered]:
    for index, tool in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(tool, dict):
            place = (*path, index)
            yield _offered(tool, key_path(place))
            yield from _listed_tools(tool.get("tools"), (*place, "tools"))


def with_members(call: ModelCall, changed: Mapping[str, msgspec.Raw]) -> ModelCall:
    """A call that says these members so."""
    if not changed:
        return call
    made = copy.copy(call)
    made.wire = Wire(call.wire.protocol, {**call.wire.fields, **changed})
    made.__dict__.pop("chat", None)  # it was opened as it was
    return made


def _offered(tool: dict[str, Any], where: str) -> Offered:
    kind, own = tool.get("type"), tool.get("name")
    if isinstance(kind, str) and kind not in _CALLERS_OWN:
        # Anthropic's type is its name and a date; nobody else's name says what one does.
        also = [own] if isinstance(own, str) and kind.startswith(f"{own}_") and kind[len(own) + 1 :].isdigit() else []
        return Offered(where, (kind, *also), one_is_enough=True)
    holders = [holder for holder in (tool.get("function"), tool.get("custom"), tool) if isinstance(holder, dict)]
    names = [holder["name"] for holder in holders if isinstance(holder.get("name"), str)]
    return Offered(where, tuple(dict.fromkeys(names)) or (str(kind or ""),))


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
