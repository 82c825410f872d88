r"""The pattern of all that a match of another pattern may begin with: what a text that has not ended may end in.

Of a sequence ``abc`` that is ``(?:a?|a(?:b?|b(?:c?)))``, of ``a{2,5}`` it is ``a{0,4}`` and a beginning of ``a``, of
``a|b`` a beginning of either. Syntax: RE2's, in which neither look-around nor back-references are known. What is not
understood here has no such pattern, and whoever asks has to hold back a fixed number of characters.
"""

import re
from typing import NamedTuple

_MOST = 64 * 1024
"""Characters that the result may have: groups in groups double what is in them."""

_DEEPEST = 20
"""Groups in groups."""

_TOKEN = re.compile(
    r"""
      (?P<open>   \((?:\?(?:P?<\w+>|(?P<flags>[imsU-]*):)|(?!\?)) )
    | (?P<close>  \) )
    | (?P<bar>    \| )
    | (?P<zero>   [\^$] | \\[AbBz] )
    | (?P<atom>   \\(?:p\{[^}]*\}|P\{[^}]*\}|[pP].|x\{[0-9a-fA-F]+\}|x[0-9a-fA-F]{2}|[0-7]{1,3}|[^CQEkgxpP1-9])
                | \[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]
                | [^()|*+?\\\[] )
    """,
    re.VERBOSE | re.DOTALL,
)
_FLAGS = re.compile(r"\(\?[imsU-]+\)")
_REPEAT = re.compile(r"(?:(?P<sign>[*+?])|\{(?P<low>\d+)(?P<comma>,)?(?P<high>\d+)?\})\??")


class _Unknown(Exception):
    """A piece of syntax that is not understood here."""


class _Node(NamedTuple):
    """``whole`` matches it, ``begun`` its beginnings. ``zero``: it takes no character, so that it has none."""

    whole: str
    begun: str
    zero: bool = False


def beginnings(pattern: str) -> str | None:
    """None where no such pattern is known."""
    flags = _FLAGS.match(pattern)
    head = "" if flags is None else flags[0]
    try:
        node, end = _alternatives(pattern, len(head), 0)
    except (_Unknown, RecursionError):
        return None
    return head + node.begun if end == len(pattern) and len(node.begun) <= _MOST else None


def _alternatives(pattern: str, at: int, depth: int) -> tuple[_Node, int]:
    if depth > _DEEPEST:
        raise _Unknown
    found: list[_Node] = []
    while True:
        node, at = _sequence(pattern, at, depth)
        found.append(node)
        if not pattern.startswith("|", at):
            break
        at += 1
    if len(found) == 1:
        return found[0], at
    whole, begun = ("|".join(getattr(node, name) for node in found) for name in ("whole", "begun"))
    return _Node(f"(?:{whole})", f"(?:{begun})"), at


def _sequence(pattern: str, at: int, depth: int) -> tuple[_Node, int]:
    nodes: list[_Node] = []
    while at < len(pattern) and pattern[at] not in "|)":
        node, at = _item(pattern, at, depth)
        repeat = _REPEAT.match(pattern, at)
        if repeat is not None:
            node, at = _repeated(node, repeat), repeat.end()
        nodes.append(node)
    return _joined(nodes), at


def _joined(nodes: list[_Node]) -> _Node:
    begun = ""
    for node in reversed(nodes):
        if not begun:
            begun = node.begun  # an assertion at the end is seen when its neighbour has come
        elif node.zero:
            begun = f"(?:{node.whole}{begun})?"
        else:
            begun = f"(?:{node.begun}|{node.whole}{begun})"
        if len(begun) > _MOST:
            raise _Unknown
    return _Node("(?:" + "".join(node.whole for node in nodes) + ")", f"(?:{begun})")


def _item(pattern: str, at: int, depth: int) -> tuple[_Node, int]:
    token = _TOKEN.match(pattern, at)
    if token is None:
        raise _Unknown
    if token["zero"]:
        return _Node(token[0], "", zero=True), token.end()
    if token["atom"]:
        return _Node(token[0], f"{token[0]}?"), token.end()
    if token["open"] is None:
        raise _Unknown
    inner, end = _alternatives(pattern, token.end(), depth + 1)
    if not pattern.startswith(")", end):
        raise _Unknown
    head = f"(?{token['flags']}:" if token["flags"] else "(?:"
    return _Node(f"{head}{inner.whole})", f"{head}{inner.begun})"), end + 1


def _repeated(node: _Node, repeat: re.Match[str]) -> _Node:
    if node.zero:
        raise _Unknown
    whole = f"(?:{node.whole}){repeat[0]}"
    if repeat["sign"] == "?":
        return _Node(whole, node.begun)
    if repeat["sign"] or (repeat["comma"] and not repeat["high"]):
        return _Node(whole, f"(?:(?:{node.whole})*{node.begun})")
    most = int(repeat["high"] or repeat["low"])
    before = f"(?:{node.whole}){{0,{most - 1}}}" if most > 1 else ""
    return _Node(whole, f"(?:{before}{node.begun})")
