"""Crosschecks of the rules for texts: whether each is one, can be searched for, and holds somewhere."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from tornado_gateway.config.crosscheck_state import address_complaint, nothing_more
from tornado_gateway.config.decode_guardrails import SIZES, TOOLS
from tornado_gateway.config.linear_patterns import Re2
from tornado_gateway.config.outline import Outline
from tornado_gateway.config.problems import Problem
from tornado_gateway.config.source import Path, Source
from tornado_gateway.domain.addresses import is_metadata
from tornado_gateway.domain.guardrails.matching import BadPattern
from tornado_gateway.domain.guardrails.pii import CLASSES
from tornado_gateway.domain.guardrails.rules import WINDOW
from tornado_gateway.domain.nearest import did_you_mean

_KINDS = {"match": ("match",), "sizes": SIZES, "tools": TOOLS, "hook": ("hook",)}
_OF_MATCH = ("replacement", "window", "tool_arguments")
_KNOWN = frozenset({*_OF_MATCH, *SIZES, *TOOLS, "on", "match", "action", "message", "hook"})
_OURS = frozenset({"content-type", "content-length", "host", "transfer-encoding", "connection", "user-agent"})


def check_guardrails(source: Source, document: Outline) -> Iterator[Problem]:
    if not isinstance(source.value, dict):
        return
    rules = source.value.get("guardrails")
    rules = rules if isinstance(rules, dict) else {}
    for name, rule in rules.items():
        if isinstance(rule, dict):
            yield from _rule(source, ("guardrails", name), rule)
    used: set[str] = set()
    for path, names in _lists(source, document):
        for index, name in enumerate(names):
            place = (*path, index)
            if not isinstance(name, str):
                continue
            if name in names[:index]:
                yield source.problem(place, f"the guardrail {name!r} twice: it holds once")
            elif name not in rules:
                yield source.problem(place, f"there is no guardrail {name!r}{did_you_mean(name, rules)}")
            used.add(name)
    for name in rules:
        if name not in used:
            message = "holds nowhere: name it under global_guardrails or a route's guardrails"
            yield source.warning(("guardrails", name), message, key=True)
    yield from _ways(source, document)


def _lists(source: Source, document: Outline) -> Iterator[tuple[Path, list[Any]]]:
    found: list[tuple[Path, Any]] = [(("global_guardrails",), source.value.get("global_guardrails"))]
    for name, route in document.routes.items():
        if isinstance(route, dict):
            found.append((("routes", name, "guardrails"), route.get("guardrails")))
    return ((path, names) for path, names in found if isinstance(names, list))


def _rule(source: Source, path: Path, rule: dict[str, Any]) -> Iterator[Problem]:
    kinds = [kind for kind, members in _KINDS.items() if any(member in rule for member in members)]
    if not kinds and not set(rule) <= _KNOWN:
        return  # it is misspelt, and the schema has its say on that
    if len(kinds) != 1:
        what = "is no rule: " if not kinds else f"is {len(kinds)} rules in one: "
        yield source.problem(path, f"{what}say one of match, {', '.join((*SIZES, *TOOLS))} or hook", key=True)
        return
    kind = kinds[0]
    if kind != "match":
        for name in _OF_MATCH:
            if name in rule:
                yield source.problem((*path, name), "means nothing but beside match", key=True)
    if kind == "match":
        yield from _match(source, path, rule)
    elif kind == "hook":
        yield from _hook(source, path, rule)
    elif rule.get("action") == "redact":
        yield source.problem((*path, "action"), "there is no text to be redacted: say deny or flag")
    said = rule.get("on")
    if kind == "sizes" and isinstance(said, list) and "response" in said:
        yield source.problem((*path, "on"), "a size is a request's: say max_tokens where answers are bounded")


def _match(source: Source, path: Path, rule: dict[str, Any]) -> Iterator[Problem]:
    match = rule["match"] if isinstance(rule["match"], dict) else {}
    regex, classes = match.get("regex"), match.get("pii")
    if match and not set(match) - {"regex", "pii"} and len(match) != 1:
        yield source.problem((*path, "match"), "say regex or pii, and a rule for each")
    elif not match:
        yield source.problem((*path, "match"), "looks for nothing: say regex or pii")
    if "replacement" in rule and rule.get("action") != "redact":
        yield source.problem((*path, "replacement"), "means nothing without action: redact", key=True)
    if isinstance(regex, str):
        yield from _compiles(source, (*path, "match", "regex"), regex)
    listed = classes if isinstance(classes, list) else ()
    known = [each for each in listed if isinstance(each, str) and each in CLASSES]
    if known:
        yield from _compiles(source, (*path, "match", "pii"), CLASSES[known[0]].pattern)


def _compiles(source: Source, path: Path, pattern: str) -> Iterator[Problem]:
    try:
        Re2().compile(pattern, WINDOW)
    except BadPattern as bad:
        yield source.problem(path, bad.message)


def _hook(source: Source, path: Path, rule: dict[str, Any]) -> Iterator[Problem]:
    if "action" in rule:
        yield source.problem((*path, "action"), "means nothing here: the hook's answer says what is done", key=True)
    hook = rule["hook"] if isinstance(rule["hook"], dict) else {}
    url, headers, place = hook.get("url"), hook.get("headers"), (*path, "hook", "url")
    if isinstance(url, str) and url.strip().startswith(("http://", "https://")):
        told = address_complaint(url.strip(), nothing_more)
        if told is not None:
            yield source.problem(place, f"is no address: {told}")
        elif is_metadata(urlsplit(url.strip()).hostname or ""):
            yield source.problem(place, "is a link-local address or a cloud's metadata service, which no hook is at")
    for name in headers if isinstance(headers, dict) else ():
        if name.lower() in _OURS:
            yield source.problem((*path, "hook", "headers", name), "is the gateway's own to say", key=True)


def _ways(source: Source, document: Outline) -> Iterator[Problem]:
    """Rules of a route that calls reach by another one's fallback hold only where they are named."""
    for route in document.table:
        own = _named(document.routes.get(route.name))
        for way, fallback in zip(document.ways[route.name], route.fallbacks, strict=True):
            other = document.table.find(fallback.route)
            missing = [] if other is None else [name for name in _named(document.routes[other.name]) if name not in own]
            everywhere = source.value.get("global_guardrails")
            missing = [name for name in missing if not isinstance(everywhere, list) or name not in everywhere]
            if missing:
                message = f"its guardrail {missing[0]!r} does not hold for calls that come this way: name it here too"
                yield source.warning(way, message)


def _named(route: Any) -> list[str]:
    names = route.get("guardrails") if isinstance(route, dict) else None
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
