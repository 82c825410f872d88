"""Where an answer of Gemini's has its words from, as annotations of OpenAI's form. Pure.

Wire: Gemini API reference, "GroundingMetadata" and "CitationMetadata"; OpenAI API reference, "The chat completion
object", ``annotations``. Gemini counts in bytes of UTF-8, OpenAI in characters.
"""

from typing import Any

import msgspec


class _Web(msgspec.Struct, frozen=True):
    uri: str | None = None
    title: str | None = None


class _Chunk(msgspec.Struct, frozen=True):
    web: _Web | None = None


class _Segment(msgspec.Struct, frozen=True, rename="camel"):
    start_index: int | None = None
    end_index: int | None = None
    text: str | None = None


class _Support(msgspec.Struct, frozen=True, rename="camel"):
    segment: _Segment | None = None
    grounding_chunk_indices: list[int] | None = None


class GroundingMetadata(msgspec.Struct, frozen=True, rename="camel"):
    grounding_chunks: list[_Chunk] | None = None
    grounding_supports: list[_Support] | None = None


class _Source(msgspec.Struct, frozen=True, rename="camel"):
    start_index: int | None = None
    end_index: int | None = None
    uri: str | None = None
    title: str | None = None


class CitationMetadata(msgspec.Struct, frozen=True, rename="camel"):
    """Vertex AI has another name for the list."""

    citation_sources: list[_Source] | None = None
    citations: list[_Source] | None = None

    @property
    def sources(self) -> list[_Source]:
        return [*(self.citation_sources or ()), *(self.citations or ())]


def annotations(
    text: str, grounding: GroundingMetadata | None, citation: CitationMetadata | None
) -> tuple[dict[str, Any], ...]:
    """The sources of ``text`` that have an address, each one once."""
    if grounding is None and citation is None:
        return ()
    encoded = text.encode()
    notes: list[dict[str, Any]] = []
    for support in (grounding.grounding_supports if grounding is not None else None) or ():
        start, end = _place(text, encoded, support.segment or _Segment())
        notes.extend(_note(web.uri, web.title, start, end) for web in _webs(grounding, support))
    for source in citation.sources if citation is not None else ():
        start, end = _characters(encoded, source.start_index or 0), _characters(encoded, source.end_index or 0)
        notes.append(_note(source.uri, source.title, start, end))
    found: list[dict[str, Any]] = []
    for note in notes:
        if note["url_citation"]["url"] and note not in found:
            found.append(note)
    return tuple(found)


def _webs(grounding: GroundingMetadata | None, support: _Support) -> list[_Web]:
    chunks = (grounding.grounding_chunks if grounding is not None else None) or []
    indices = support.grounding_chunk_indices or ()
    return [web for index in indices if 0 <= index < len(chunks) and (web := chunks[index].web) is not None]


def _note(url: str | None, title: str | None, start: int, end: int) -> dict[str, Any]:
    place = {"start_index": start, "end_index": end, "url": url or "", "title": title or ""}
    return {"type": "url_citation", "url_citation": place}


def _place(text: str, encoded: bytes, segment: _Segment) -> tuple[int, int]:
    """A segment's place in characters; where the count is off (it may be that of one part), its text tells."""
    start, end = _characters(encoded, segment.start_index or 0), _characters(encoded, segment.end_index or 0)
    if segment.text and text[start:end] != segment.text:
        found = text.find(segment.text)
        if found >= 0:
            return found, found + len(segment.text)
    return start, end


def _characters(encoded: bytes, count: int) -> int:
    return len(encoded[: max(0, count)].decode("utf-8", "ignore"))
