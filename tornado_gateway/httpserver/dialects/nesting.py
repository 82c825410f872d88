"""How deeply a body is nested, told before anything is decoded.

Decoders refuse a depth only near the end of Python's stack, and what walks a document afterwards would fall off it.
"""

from itertools import accumulate

MAX_DEPTH = 128
"""Levels. Tool schemas of real clients have about twenty."""

_BRACKETS = b"[]{}"
_OTHERS = bytes(sorted(set(range(256)) - set(_BRACKETS)))
_STEPS = bytes.maketrans(_BRACKETS, b"\x01\xff\x01\xff")  # signed: one deeper, one back
_BLOCK = 64


def too_deep(body: bytes) -> bool:
    """Whether ``body`` has more than ``MAX_DEPTH`` levels. Of what is no JSON it says anything, and says it soon."""
    if body.count(b"[") + body.count(b"{") <= MAX_DEPTH:
        return False
    if b"\\" in body:
        body = body.replace(rb"\\", b"").replace(rb"\"", b"")
    steps = b"".join(body.split(b'"')[::2]).translate(_STEPS, _OTHERS)
    depth = 0
    for start in range(0, len(steps), _BLOCK):
        block = steps[start : start + _BLOCK]
        deeper = block.count(1)
        # Most blocks could not get that deep in whatever order, and are only counted.
        if depth + deeper > MAX_DEPTH and depth + max(accumulate(memoryview(block).cast("b"))) > MAX_DEPTH:
            return True
        depth += 2 * deeper - len(block)
    return False
