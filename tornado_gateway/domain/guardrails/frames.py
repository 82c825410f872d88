"""Relayed events of a stream, opened for the rules: which texts one holds, and which other pieces each belongs to.

Wire: OpenAI API reference, "The chat completion chunk object", "Streaming events"; Anthropic API reference, "Streaming
messages". A piece of a text that comes in several is told by its ``delta``; whatever else an event says is whole.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from tornado_gateway.domain.errors import UpstreamFailed
from tornado_gateway.domain.guardrails.documents import Path, spliced, values
from tornado_gateway.domain.guardrails.members import LIKELIHOODS, Kind, Text, read_texts
from tornado_gateway.domain.wire import ANTHROPIC_MESSAGES, OPENAI_RESPONSES

Channel = tuple[Any, ...]
"""Tells one text that comes in pieces from the others; it begins with the number of what it is a part of."""

_PIECES = frozenset({"text", "thinking", "partial_json"})


class Frame(NamedTuple):
    """One event: its lines, and the document among them. ``channels`` has one for each text, None for a whole one."""

    lines: Sequence[bytes]
    document: bytes
    texts: Sequence[Text]
    channels: Sequence[Channel | None]
    ends: Sequence[Any]
    """Numbers of what is complete now: no more pieces of its texts come."""
    repeats: bool = False
    """What it says whole may have been said in pieces before."""

    def changed(self, changes: Mapping[Path, bytes]) -> bytes:
        """The event with other values at these places."""
        found = [value for value in values(self.document, whole=LIKELIHOODS) if value.path in changes]
        return self.encode(spliced(self.document, [(value, changes[value.path]) for value in found]))

    def encode(self, document: bytes) -> bytes:
        """The event with another document in it."""
        told = False
        lines = []
        for line in self.lines:
            if not line.startswith(b"data:"):
                lines.append(line)
            elif not told:
                told = True
                end = line[len(line.rstrip(b"\r\n")) :]
                lines += [b"data: " + part + end for part in document.split(b"\n")]
        return b"".join(lines)


def frames(run: bytes) -> Iterator[bytes]:
    """Whole events, one by one; their end is a blank line."""
    at = 0
    lines = run.splitlines(keepends=True)
    for number, line in enumerate(lines):
        if not line.strip(b"\r\n"):
            yield b"".join(lines[at : number + 1])
            at = number + 1
    if at < len(lines):
        yield b"".join(lines[at:])


def read_frame(frame: bytes, protocol: str) -> Frame | None:
    """None for what holds no document. Raises ``UpstreamFailed`` for one that nobody can read: it may say anything."""
    lines = frame.splitlines(keepends=True)
    document = b"\n".join(line[5:].strip() for line in lines if line.startswith(b"data:"))
    if not document or document == b"[DONE]":
        return None
    event = _opened(document)
    if not isinstance(event, dict):
        if isinstance(event, str | list):
            raise _unreadable()
        return None
    if protocol == ANTHROPIC_MESSAGES:
        return _anthropic(lines, document, event)
    if protocol == OPENAI_RESPONSES:
        return _response(lines, document, event)
    return _chat(lines, document, event)


def _opened(document: bytes) -> Any:
    try:
        return msgspec.json.decode(document)
    except (ValueError, RecursionError):
        pass
    try:
        return json.loads(document, strict=False)  # half a character, a number beyond measure: clients take them
    except (ValueError, RecursionError) as error:
        raise _unreadable() from error


def _unreadable() -> UpstreamFailed:
    return UpstreamFailed("The provider sent an event that can't be read, and so not be checked.")


def _chat(lines: Sequence[bytes], document: bytes, event: dict[str, Any]) -> Frame:
    choices = event.get("choices")
    found = [text for text in read_texts(choices, ("choices",)) if len(text.path) > 2]
    if "search_results" in event:
        found += read_texts(event["search_results"], ("search_results",))
    entries = [entry if isinstance(entry, dict) else {} for entry in choices] if isinstance(choices, list) else []
    ends = [_number(entry, place) for place, entry in enumerate(entries) if entry.get("finish_reason")]
    return Frame(lines, document, found, [_chat_channel(text.path, entries) for text in found], ends)


def _chat_channel(path: Path, entries: Sequence[dict[str, Any]]) -> Channel | None:
    place = path[1]
    if path[0] != "choices" or not isinstance(place, int) or path[2] not in ("delta", "text"):
        return None
    channel: list[Any] = [_number(entries[place], place)]
    at: Any = entries[place]
    for part in path[2:]:
        at = at[part]
        channel.append(_number(at, part) if isinstance(part, int) else part)
    return tuple(channel)


def _number(entry: Any, otherwise: int) -> int:
    index = entry.get("index") if isinstance(entry, dict) else None
    return index if isinstance(index, int) else otherwise


def _anthropic(lines: Sequence[bytes], document: bytes, event: dict[str, Any]) -> Frame:
    index = event.get("index")
    found = read_texts(event, ())
    pieces = event.get("type") in ("content_block_delta", "content_block_start")
    channels: list[Channel | None] = [
        (index, text.path[1]) if pieces and len(text.path) == 2 and text.path[1] in _PIECES else None for text in found
    ]
    return Frame(lines, document, found, channels, [index] if event.get("type") == "content_block_stop" else ())


def _response(lines: Sequence[bytes], document: bytes, event: dict[str, Any]) -> Frame:
    kind = str(event.get("type"))
    index = event.get("output_index")
    found = [text for text in read_texts(event, ()) if _is_said(text.path)]
    channels: list[Channel | None] = [None] * len(found)
    if kind.endswith(".delta"):
        found = [_as_kind(text, kind) for text in found]
        place = (index, kind, event.get("content_index"), event.get("summary_index"))
        channels = [place if text.path == ("delta",) else None for text in found]
    ended = kind.endswith(".done")
    repeats = ended or "response" in event
    return Frame(lines, document, found, channels, [index] if ended else (), repeats)


def _is_said(path: Path) -> bool:
    """A response repeats its request, too."""
    return path[0] != "response" or (len(path) > 1 and path[1] == "output")


def _as_kind(text: Text, kind: str) -> Text:
    """A delta's kind is that of its event."""
    if text.path != ("delta",):
        return text
    if "arguments" in kind:
        return text._replace(kind=Kind.ARGUMENTS)
    if "summary" in kind:
        return text._replace(kind=Kind.SEALED)
    if "custom_tool_call_input" in kind or "code" in kind:
        return text._replace(kind=Kind.FREE)
    return text if "audio" not in kind or "transcript" in kind else text._replace(kind=Kind.LIKELIHOODS, said="")
