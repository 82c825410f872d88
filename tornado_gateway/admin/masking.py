"""gateway.yaml as it may be shown: no key, token, hash or password in it, and a way back to the file as it is.

What a file only refers to (``${OPENAI_API_KEY:-}``) is no secret and stays as it is written. A secret that stands in
it is shown as ``***1``, ``***2``: whoever sends the text back with those marks in their places means the secrets.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tornado_gateway.admin.scalars import REFERENCE, Scalar, literal, scalars
from tornado_gateway.config.problems import Position, Problem
from tornado_gateway.config.source import SECRET_MEMBERS, Path, Source

MASK = "***"

_LIKE_ONE = re.compile(r"api[-_]?key|secret|passw|authorization|(?:^|[-_])token$", re.IGNORECASE)
"""A key that is misspelt makes the file a bad one, and what stands under it no less secret."""
_ADDRESSES = frozenset({"base_url", "url", "proxy", "jwks_url", "webhook"})
_MARK = re.compile(r"\*\*\*\d+")
_BEARER = re.compile(r"(?<=://)[^\s]*(?=@)")
_QUERY = re.compile(r"(?<=[?#])[^\s{}]+(?![^{]*\})")
_BEYOND_HOST = re.compile(r"(?<=://)([^/\s]*/)(.+)")
_COMMENT = re.compile(r"(?:^|(?<=\s))#[^\n]*", re.MULTILINE)
_SHORTEST = 6
"""Characters of a secret that is looked for elsewhere: a shorter one would be found in every second word."""


@dataclass(frozen=True, slots=True)
class Masked:
    """``name`` is the last part of its path, ``shown`` what stands for it, ``raw`` the text in the file."""

    name: str | int | None
    shown: str
    raw: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class MaskedText:
    text: str
    masked: Mapping[str, Masked]
    """By the mark of each."""


def masked_text(text: str, redact: Callable[[str], str]) -> MaskedText:
    """``redact`` takes what looks like a credential out of comments. Raises ``NotYaml``."""
    found = {each.start: each for each in scalars(text)}
    hiding = {each.start for each in scalars(text) if _hides(each.path, each.value) is not None}
    secrets = {literal(found[start].value) for start in hiding if _is_secret(found[start].path)}
    known = [secret for secret in secrets if len(secret) >= _SHORTEST]
    pieces: list[str] = []
    masked: dict[str, Masked] = {}
    end = 0
    for start, each in sorted(found.items()):
        pieces.append(_COMMENT.sub(lambda match: _hide(redact(match[0]), known), text[end:start]))
        shown = _shown(each, hiding, known)
        raw = text[start : each.end]
        if shown is None:
            pieces.append(raw)
        else:
            mark = f"{MASK}{len(masked) + 1}"
            shown = shown.replace(MASK, mark)
            pieces.append(json.dumps(shown, ensure_ascii=False) + ("\n" if each.block else ""))
            name = each.path[-1] if each.path else None
            whole = json.dumps(each.value, ensure_ascii=False) if each.block or "\n" in raw else raw
            masked[mark] = Masked(name, shown, whole)
        end = each.end
    pieces.append(_COMMENT.sub(lambda match: _hide(redact(match[0]), known), text[end:]))
    return MaskedText("".join(pieces), masked)


def _shown(each: Scalar, hiding: set[int], known: list[str]) -> str | None:
    """What to show instead, with one ``***`` or more; None where all of it may be seen."""
    shown = _hides(each.path, each.value)
    if shown is None and (each.start in hiding or any(secret in each.value for secret in known)):
        return MASK
    return shown


def _hides(path: Path, value: str) -> str | None:
    if _is_secret(path):
        return _without_literals(value) if literal(value).strip() else None
    if "://" not in value:
        return None
    shown = _BEARER.sub(lambda match: MASK if literal(match[0]).strip(":") else match[0], value)
    if path and path[-1] in _ADDRESSES:
        if path[0] in ("webhooks", "guardrails"):
            shown = _BEYOND_HOST.sub(lambda match: match[1] + (MASK if literal(match[2]) else match[2]), shown)
        shown = _QUERY.sub(lambda match: MASK if literal(match[0]) else match[0], shown)
    return None if shown == value else shown


def _is_secret(path: Path) -> bool:
    if not path or path[-2:-1] == ("headers",):
        return bool(path)
    return path[-1] in SECRET_MEMBERS or _LIKE_ONE.search(str(path[-1])) is not None


def _without_literals(value: str) -> str:
    """``${NAME:-sk-1}`` as ``${NAME:-***}``, and ``sk-${NAME}`` as ``***${NAME}``."""
    shown, end = "", 0
    for match in REFERENCE.finditer(value):
        if match["name"] is None:
            continue
        shown += MASK if value[end : match.start()] else ""
        shown += f"${{{match['name']}:-{MASK}}}" if match["default"] else match[0]
        end = match.end()
    return shown + (MASK if value[end:] else "")


def _hide(text: str, known: list[str]) -> str:
    for secret in known:
        text = text.replace(secret, MASK)
    return text


def restored(text: str, current: MaskedText, name: str) -> tuple[str, list[Problem]]:
    """The text with the secrets that its marks stand for, and what is wrong with marks that stand for none.

    A mark is good as it was shown and under the key that it was shown under. Raises ``NotYaml``.
    """
    problems: list[Problem] = []
    pieces: list[str] = []
    end = 0
    for each in sorted({each.start: each for each in scalars(text)}.values(), key=lambda each: each.start):
        mark = _MARK.search(each.value)
        if mark is None:
            continue
        known = current.masked.get(mark[0])
        if known is None or known.shown != each.value or known.name != (each.path[-1] if each.path else None):
            line = text.count("\n", 0, each.start) + 1
            position = Position(line, each.start - text.rfind("\n", 0, each.start))
            message = f"{mark[0]} stands for a secret where it was shown and nowhere else: write the value out"
            problems.append(Problem(name, position, each.path, message))
            continue
        pieces += (text[end : each.start], known.raw)
        end = each.end
    return "".join([*pieces, text[end:]]), problems


def masked_document(source: Source) -> Any:
    """What the file says, references followed and types settled, as a tree without secrets."""
    secrets = [value for value in _secrets(source.value, (), source) if len(value) >= _SHORTEST]
    return _masked(source.value, (), source, secrets)


def _secrets(value: Any, path: Path, source: Source) -> Iterator[str]:
    for inner, member in _members(value):
        yield from _secrets(member, (*path, inner), source)
    if isinstance(value, str) and (_is_secret(path) or path in source.secret):
        yield value


def _masked(value: Any, path: Path, source: Source, secrets: list[str]) -> Any:
    if isinstance(value, dict):
        return {name: _masked(member, (*path, name), source, secrets) for name, member in value.items()}
    if isinstance(value, list):
        return [_masked(member, (*path, index), source, secrets) for index, member in enumerate(value)]
    hidden = _is_secret(path) or any(path[:length] in source.secret for length in range(1, len(path) + 1))
    if hidden:
        return MASK if value not in (None, "") else value
    if not isinstance(value, str):
        return value
    shown = _hides(path, value.replace("$", "$$"))
    return _hide(value if shown is None else shown.replace("$$", "$"), secrets)


def _members(value: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        yield from enumerate(value)
