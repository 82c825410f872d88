"""Receipts for callers that ask for one with ``X-Gateway-Receipt: true``; any other value asks for nothing.

A whole answer has it in a header of the same name. In a stream it is a comment, which every client of server-sent
events skips, right before the event that ends the stream: some clients read no further than that one.
"""

from tornado.httputil import HTTPServerRequest

from tornado_gateway.domain.money import Cost
from tornado_gateway.domain.receipt import encode, receipt_of

HEADER = "X-Gateway-Receipt"

_LINE_ENDS = b"\r\n"
_BLANK_LINES = (b"\n\n", b"\r\n\r\n", b"\r\r")


def wanted(request: HTTPServerRequest) -> bool:
    return request.headers.get(HEADER, "").strip().lower() == "true"


def as_header(cost: Cost, revision: str) -> str:
    return encode(receipt_of(cost, revision))


def as_comment(cost: Cost | None, revision: str) -> bytes:
    """Empty for a call that has no cost."""
    return b"" if cost is None else b": receipt %s\n\n" % encode(receipt_of(cost, revision)).encode()


def before_last_event(told: bytes, comment: bytes) -> bytes:
    """``told``, which are whole events, with ``comment`` before the last one."""
    last = told.rstrip(_LINE_ENDS)
    ends = [(found, len(blank)) for blank in _BLANK_LINES if (found := last.rfind(blank)) >= 0]
    start = max((found + length for found, length in ends), default=0)
    return told[:start] + comment + told[start:]
