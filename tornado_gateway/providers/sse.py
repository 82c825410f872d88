"""Server-sent events from bytes, without I/O: bytes in, events out.

Format: WHATWG HTML, "Server-sent events". Lines end in LF, CRLF or CR and in nothing else: U+2028 and U+0085 are text
(httpx's line iterator splits there and breaks JSON). One read may hold half an event or twenty.
"""

import re

import msgspec

from tornado_gateway.domain.errors import UpstreamFailed

MAX_EVENT_BYTES = 64 * 1024 * 1024
"""An event that is still open beyond this is no event but a flood."""

_LINE_END = re.compile(rb"\r\n|\n|\r")
# Atomic, or the CR and the LF of one CRLF would count as two line ends.
_EVENT_END = re.compile(rb"(?>\r\n|\n|\r)(?>\r\n|\n|\r)")
_CRLF_END = b"\r\n\r\n"
_BOM = b"\xef\xbb\xbf"


class SSEEvent(msgspec.Struct, frozen=True, gc=False):
    """``event`` is None where the stream names none; ``data`` joins several data lines with LF."""

    data: bytes
    event: str | None = None


class FrameSplitter:
    """Cuts a byte stream into runs of whole events, line ends as they came. ``decode`` and ``flush``."""

    def __init__(self) -> None:
        self._rest = b""
        self._first = True

    def decode(self, chunk: bytes) -> bytes:
        """All events that are complete by now, as one run of bytes (empty where there is none)."""
        data = self._rest + chunk if self._rest else chunk
        if self._first and data:
            if len(data) < len(_BOM) and _BOM.startswith(data):
                self._rest = data
                return b""
            self._first = False
            data = data.removeprefix(_BOM)
        end = _last_event_end(data)
        if end == len(data):
            self._rest = b""
            return data
        self._rest = data[end:]
        if len(self._rest) > MAX_EVENT_BYTES:
            raise UpstreamFailed("The provider's stream holds an event without an end.")
        return data[:end]

    def flush(self) -> bytes:
        """What stands after the last whole event."""
        rest, self._rest = self._rest, b""
        return rest


def _last_event_end(data: bytes) -> int:
    if b"\r" not in data:
        return data.rfind(b"\n\n") + 2 if b"\n\n" in data else 0
    if data.endswith(_CRLF_END):
        return len(data)  # what nearly every read of such a stream is
    end = 0
    # A CR at the very end may be half of a CRLF: the event is whole only once the next byte is known,
    # except that a blank line is a blank line either way.
    for match in _EVENT_END.finditer(data):
        end = match.end()
    return end


def split_frames(run: bytes) -> list[bytes]:
    """The single events of a run of whole ones, each with its blank line."""
    end = _only_line_end(run)
    if end is not None:
        blank = end * 2
        frames = [part + blank for part in run.split(blank)]
        last = frames.pop().removesuffix(blank)
        return [*frames, last] if last else frames
    frames = []
    start = 0
    for match in _EVENT_END.finditer(run):
        frames.append(run[start : match.end()])
        start = match.end()
    if start < len(run):
        frames.append(run[start:])
    return frames


def _only_line_end(run: bytes) -> bytes | None:
    """LF or CRLF where all lines end so, None where they are mixed."""
    returns = run.count(b"\r")
    if not returns:
        return b"\n"
    return b"\r\n" if returns == run.count(b"\n") == run.count(b"\r\n") else None


def parse_frame(frame: bytes) -> SSEEvent | None:
    """One event opened; None where it is only comments or blank lines."""
    if frame.startswith(b"data: ") and frame.endswith(b"\n\n") and b"\n" not in frame[6:-2] and b"\r" not in frame:
        return SSEEvent(frame[6:-2])
    if frame.startswith(b"data: ") and frame.endswith(_CRLF_END) and frame.count(b"\n") == 2 == frame.count(b"\r"):
        return SSEEvent(frame[6:-4])
    data: list[bytes] = []
    name: str | None = None
    for line in _LINE_END.split(frame):
        if not line or line.startswith(b":"):
            continue
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            data.append(value)
        elif field == b"event":
            name = value.decode("utf-8", "replace")
    if not data:
        return None
    return SSEEvent(b"\n".join(data), name)


def whole_frame(rest: bytes) -> bytes:
    """What a stream's end left behind, as an event; empty where it is only the half of one.

    Providers do leave the last blank line out, and a client can't read half a document.
    """
    event = parse_frame(rest)
    if event is None:
        return b""
    if event.data.strip() != b"[DONE]":
        try:
            msgspec.json.decode(event.data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return b""
    return rest + b"\n\n"


class SSEDecoder:
    """Events out of bytes, for streams that are translated. ``decode`` and ``flush``."""

    def __init__(self) -> None:
        self._splitter = FrameSplitter()

    def decode(self, chunk: bytes) -> list[SSEEvent]:
        """The events that ``chunk`` completes."""
        return _events(self._splitter.decode(chunk))

    def flush(self) -> list[SSEEvent]:
        """The event that the stream's end completes: providers do leave the last blank line out."""
        return _events(self._splitter.flush())


def _events(run: bytes) -> list[SSEEvent]:
    if not run:
        return []
    return [event for frame in split_frames(run) if (event := parse_frame(frame)) is not None]
