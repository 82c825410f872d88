"""JSON documents that are nearly right: those of real features, changed in a place or two."""

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

from tests.pairs.outcomes import PAIRS

PATHS = {
    "openai.chat": "/v1/chat/completions",
    "openai.completions": "/v1/completions",
    "openai.responses": "/v1/responses",
    "anthropic.messages": "/v1/messages",
}
ROUTES = ("o", "a", "g", "c", "echo4")


def seeds() -> Iterator[tuple[str, dict[str, Any]]]:
    """The path and the body of a request for each feature that a dialect has."""
    for pairs in PAIRS:
        path = PATHS[pairs.dialect.name]
        yield path, dict(pairs.plain)
        yield from ((path, {**pairs.plain, **feature.body}) for feature in pairs.features())
    yield "/v1/embeddings", {"model": "o", "input": ["a", "b"], "dimensions": 3, "encoding_format": "base64"}
    yield "/v1/completions", {"model": "o", "messages": [{"role": "user", "content": "hi"}], "metadata": {"a": "b"}}
    yield "/v1/messages/count_tokens", {"model": "a", "messages": [{"role": "user", "content": "hi"}]}


SEEDS = list(seeds())

WORDS = [
    *(
        "",
        "user",
        "assistant",
        "system",
        "tool",
        "developer",
        "function",
        "text",
        "image_url",
        "input_text",
        "thinking",
    ),
    *("tool_use", "tool_result", "auto", "any", "none", "json_schema", "object", "{}", "[1", '{"a":' * 300, "gpt-4"),
    *("data:image/png;base64,AAAA", "data:;base64,", "data:x", "http://[", "https://a.example/x.png", "\x00", "\ud800"),
    *("\u2028\u0085", "\U0001f600", "e\u0301", "x" * 5000, "-1", "1e999", "NaN", "../../etc/passwd", "ephemeral"),
]
leaves = (
    st.none()
    | st.booleans()
    | st.sampled_from([0, -1, 1, 2**31, 2**63, 2**64, -(2**64), 10**40, 0.5, -0.0, 1e308, 5e-324])
    | st.sampled_from(WORDS)
    | st.text(max_size=20)
)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*WORDS, "type"]), inner, max_size=3),
    max_leaves=8,
)
changes = st.tuples(st.integers(0, 200), st.sampled_from(["put", "drop", "twice", "rename", "wrap", "deep"]), values)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Each member and item of ``value``: what holds it, and its name or index there."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in list(members):
        yield value, name
        yield from places(inner)


def changed(document: dict[str, Any], ways: list[tuple[int, str, Any]]) -> dict[str, Any]:
    made = deepcopy(document)
    for number, way, value in ways:
        found = list(places(made))
        if not found:
            break
        holder, name = found[number % len(found)]
        _change(holder, name, way, value)
    return made


def _change(holder: Any, name: Any, way: str, value: Any) -> None:
    match way:
        case "put":
            holder[name] = value
        case "drop":
            del holder[name]
        case "twice" if isinstance(holder, list):
            holder.insert(name, deepcopy(holder[name]))
        case "rename" if isinstance(holder, dict):
            holder[str(value)[:50]] = holder.pop(name)
        case "wrap":
            holder[name] = [holder[name]] if isinstance(value, list | None) else {"type": value, "text": holder[name]}
        case "deep":
            for _ in range(60):
                holder[name] = {"items": [holder[name]]}


def encoded(document: dict[str, Any], cut: tuple[int, bytes] | None) -> bytes:
    """As bytes, with a few of them put over others where ``cut`` says so."""
    body = json.dumps(document).encode()
    if cut is None:
        return body
    at = cut[0] % (len(body) + 1)
    return body[:at] + cut[1] + body[at + len(cut[1]) :]


cuts = (
    st.none()
    | st.none()
    | st.none()
    | st.tuples(
        st.integers(0, 5000),
        st.sampled_from([b"\xff", b'"', b"\\", b"\\u", b"]", b"{" * 200, b"1e999", b"\xed\xa0\x80", b""]),
    )
)


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, bytes]:
    """A path and a body."""
    path, document = draw(st.sampled_from(SEEDS))
    made = changed({**document, "model": draw(st.sampled_from(ROUTES))}, draw(st.lists(changes, max_size=3)))
    if draw(st.booleans()):
        made["stream"] = True
    return path, encoded(made, draw(cuts))
