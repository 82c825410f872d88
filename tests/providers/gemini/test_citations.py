from typing import Any

import msgspec

from tornado_gateway.providers.gemini.citations import CitationMetadata, GroundingMetadata, annotations

TEXT = "Es war — heiß. Und trocken."


def note(url: str, start: int, end: int, title: str = "") -> dict[str, Any]:
    place = {"start_index": start, "end_index": end, "url": url, "title": title}
    return {"type": "url_citation", "url_citation": place}


def test_supports_become_one_note_for_each_source() -> None:
    second = "Und trocken."
    start = len(TEXT[: TEXT.index(second)].encode())
    grounding = msgspec.convert(
        {
            "groundingChunks": [{"web": {"uri": "https://a", "title": "A"}}, {"retrievedContext": {}}, {"web": {}}],
            "groundingSupports": [
                {"segment": {"endIndex": len(b"Es war"), "text": "Es war"}, "groundingChunkIndices": [0]},
                {
                    "segment": {"startIndex": start, "endIndex": len(TEXT.encode()), "text": second},
                    "groundingChunkIndices": [0, 1, 2, 9],
                },
                {"segment": {"startIndex": 0, "endIndex": 3, "text": "trocken"}, "groundingChunkIndices": [0]},
                {"segment": {"startIndex": 0, "endIndex": 3, "text": "elsewhere"}, "groundingChunkIndices": [0]},
                {},
            ],
        },
        GroundingMetadata,
    )
    assert annotations(TEXT, grounding, None) == (
        note("https://a", 0, 6, "A"),
        note("https://a", 15, 27, "A"),
        note("https://a", 19, 26, "A"),
        note("https://a", 0, 3, "A"),
    )


def test_citations_of_either_name_and_none_twice() -> None:
    source = {"startIndex": 3, "endIndex": 6, "uri": "https://b"}
    citation = msgspec.convert(
        {"citationSources": [source, source, {"license": "x"}], "citations": [{"uri": "https://c", "title": "C"}]},
        CitationMetadata,
    )
    assert annotations(TEXT, None, citation) == (note("https://b", 3, 6), note("https://c", 0, 0, "C"))


def test_nothing() -> None:
    assert annotations(TEXT, None, None) == ()
    assert annotations(TEXT, GroundingMetadata(), CitationMetadata()) == ()
