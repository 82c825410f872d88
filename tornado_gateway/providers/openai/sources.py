"""Where an answer has its words from, of vendors that list it beside the answer. Pure.

Wire: Perplexity API reference, "Chat Completions", ``search_results`` and ``citations``; xAI, "Live Search",
``citations``. The text names the n-th of them as ``[n]``.
"""

from collections.abc import Sequence
from typing import Any


def annotations(
    text: str, results: Sequence[Any] | None, citations: Sequence[Any] | None
) -> tuple[dict[str, Any], ...]:
    """As OpenAI's form has them: each source at every place that names it, or behind the text where none does."""
    notes = []
    for number, (url, title) in enumerate(_listed(results, citations), 1):
        mark = f"[{number}]"
        places = [at for at in range(len(text)) if text.startswith(mark, at)] if mark in text else []
        for start, end in [(at, at + len(mark)) for at in places] or [(len(text), len(text))]:
            place = {"start_index": start, "end_index": end, "url": url, "title": title}
            notes.append({"type": "url_citation", "url_citation": place})
    return tuple(notes)


def _listed(results: Sequence[Any] | None, citations: Sequence[Any] | None) -> list[tuple[str, str]]:
    """Address and title. The first list has both; where there are the two, they are the same sources."""
    if results:
        return [
            (str(each.get("url") or ""), str(each.get("title") or "")) for each in results if isinstance(each, dict)
        ]
    return [(each, "") for each in citations or () if isinstance(each, str)]
