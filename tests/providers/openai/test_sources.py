from typing import Any

import pytest

from tornado_gateway.providers.openai.sources import annotations

RESULTS = [{"title": "A", "url": "http://a"}, {"url": "http://b", "date": "2026-01-01"}]


def places(text: str, results: Any = None, citations: Any = None) -> list[tuple[str, str, int, int]]:
    notes = annotations(text, results, citations)
    assert {note["type"] for note in notes} <= {"url_citation"}
    inner = [note["url_citation"] for note in notes]
    return [(each["url"], each["title"], each["start_index"], each["end_index"]) for each in inner]


def test_each_source_stands_where_the_text_names_it() -> None:
    assert places("x[2] é[1] y[2]", RESULTS, ["http://other"]) == [
        ("http://a", "A", 6, 9),
        ("http://b", "", 1, 4),
        ("http://b", "", 11, 14),
    ]


def test_one_that_the_text_does_not_name_stands_behind_it() -> None:
    assert places("hi", None, ["http://a", 7]) == [("http://a", "", 2, 2)]


@pytest.mark.parametrize(("results", "citations"), [(None, None), ([], []), (["x"], None), (None, [{}])])
def test_no_source(results: Any, citations: Any) -> None:
    assert places("x[1]", results, citations) == []
