"""Reads HTTP/1.1 answers from bytes: enough of the protocol for the servers under test, and cheap enough to stay
out of the measurement. Pure."""

_END_OF_CHUNKS = b"\r\n0\r\n\r\n"


class ResponseReader:
    """``feed`` what each read brought until it says that the answer is whole; then ask for its parts.

    Answers are framed by ``Content-Length`` or are chunked; a chunked body must not hold an end mark of its own,
    which JSON in events never does. One answer at a time: nothing may follow it unasked.
    """

    def __init__(self) -> None:
        self._raw = bytearray()
        self._head_end = -1
        self._whole = -1  # bytes, -1 while unknown or chunked

    def feed(self, data: bytes) -> bool:
        """Whether the answer is whole now. Raises ``ValueError`` for a head that frames no body."""
        raw = self._raw
        raw += data
        if self._head_end < 0:
            end = raw.find(b"\r\n\r\n")
            if end < 0:
                return False
            self._head_end = end
            self._whole = self._framing()
        if self._whole >= 0:
            return len(raw) >= self._whole
        return raw.endswith(_END_OF_CHUNKS)

    def _framing(self) -> int:
        length = self.header(b"content-length")
        if length is not None:
            return self._head_end + 4 + int(length)
        if (self.header(b"transfer-encoding") or b"").lower() != b"chunked":
            raise ValueError("an answer with neither a length nor chunks")
        return -1

    @property
    def status(self) -> int:
        """0 before the head is there."""
        return int(self._raw[9:12]) if self._head_end >= 0 else 0

    def header(self, name: bytes) -> bytes | None:
        """``name`` in lower case."""
        head = bytes(self._raw[: self._head_end + 2])
        at = head.lower().find(b"\r\n" + name + b":")
        if at < 0:
            return None
        start = at + len(name) + 3
        return head[start : head.index(b"\r\n", start)].strip()

    def body(self) -> bytes:
        """The body of a whole answer, its chunks joined."""
        rest = bytes(self._raw[self._head_end + 4 :])
        return rest if self._whole >= 0 else dechunked(rest)


def dechunked(raw: bytes) -> bytes:
    """The body that whole chunks hold. Raises ``ValueError`` for chunks that are broken."""
    parts: list[bytes] = []
    at = 0
    while True:
        line_end = raw.index(b"\r\n", at)
        size = int(raw[at:line_end].split(b";")[0], 16)
        if size == 0:
            return b"".join(parts)
        start = line_end + 2
        parts.append(raw[start : start + size])
        at = start + size + 2
