"""Values as YAML text, the way gateway.yaml is written: every digit of a price, texts bare where they may be. Pure."""

import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from tornado_gateway.domain.money import decimal_digits

WIDTH = 120
"""Characters of a line, beyond which a row is broken into several."""

_BARE = re.compile(r"[A-Za-z](?:[\w./@+-]|[ ](?=\w))*\Z", re.ASCII)
_BARE_KEY = re.compile(r"\w[\w./@+-]*\Z", re.ASCII)
_NOT_TEXT = frozenset({"true", "false", "null"})


def key(text: str, *, quoted: bool = False) -> str:
    """A key; ``quoted`` for a file that is JSON."""
    return text if not quoted and _BARE_KEY.match(text) else json.dumps(text, ensure_ascii=False)


def flow(value: Any, *, quoted: bool = False) -> str:
    """On one line, in brackets and braces."""
    if isinstance(value, Mapping):
        return (
            f"{{{', '.join(f'{key(name, quoted=quoted)}: {flow(it, quoted=quoted)}' for name, it in value.items())}}}"
        )
    if isinstance(value, list | tuple):
        return f"[{', '.join(flow(item, quoted=quoted) for item in value)}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal | int):
        return decimal_digits(Decimal(value))
    bare = not quoted and _BARE.match(value) and value.lower() not in _NOT_TEXT
    return str(value) if bare else json.dumps(value, ensure_ascii=False)


def broken(card: Mapping[str, Any], indent: int, *, quoted: bool = False) -> str:
    """In braces, over as many lines as it takes; the first is not indented, for it stands behind something.

    Where it takes several, a list has lines of its own, and so have the notes.
    """
    whole = flow(card, quoted=quoted)
    if indent + len(whole) <= WIDTH:
        return whole
    lines = [""]
    for name, member in card.items():
        piece = _piece(name, member, indent + 1, quoted=quoted)
        alone = isinstance(member, list) or name == "source" or lines[-1].endswith("],")
        full = indent + 1 + len(lines[-1]) + 1 + len(piece) + 1 > WIDTH
        if lines[-1] and (full or alone):
            lines.append(f"{piece},")
        else:
            lines[-1] += f"{' ' if lines[-1] else ''}{piece},"
    return "{" + f"\n{' ' * (indent + 1)}".join(lines).removesuffix(",") + "}"


def _piece(name: str, member: Any, indent: int, *, quoted: bool) -> str:
    """A member; of a list of mappings each item on a line of its own."""
    head = f"{key(name, quoted=quoted)}: "
    if not isinstance(member, list):
        return head + flow(member, quoted=quoted)
    inner = indent + len(head) + 1
    glue = f",\n{' ' * inner}"
    return f"{head}[{glue.join(broken(item, inner, quoted=quoted) for item in member)}]"


def block(value: Mapping[str, Any] | Sequence[Mapping[str, Any]], indent: int) -> str:
    """A member a line; the first line is not indented."""
    margin = f"\n{' ' * indent}"
    if isinstance(value, Mapping):
        return margin.join(f"{key(name)}: {flow(member)}" for name, member in value.items())
    return margin.join(f"- {block(each, indent + 2)}" for each in value)
