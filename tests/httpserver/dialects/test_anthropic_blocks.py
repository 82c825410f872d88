from typing import Any

import pytest

from tornado_gateway.domain.chat import (
    CacheMarker,
    Document,
    Image,
    Opaque,
    Part,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
)
from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.domain.thoughts import Seal, seal, seal_of
from tornado_gateway.httpserver.dialects.anthropic_blocks import content_parts

OPAQUE = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}
FOREIGN = Reasoning("hm", signature="s", redacted="r", id="rs_1", origin="openai.responses", summary=True)


def thinking(text: str, signature: str) -> dict[str, Any]:
    return {"type": "thinking", "thinking": text, "signature": signature}


@pytest.mark.parametrize(
    ("block", "part"),
    [
        ({"type": "text", "text": "a"}, Text("a")),
        (
            {"type": "text", "text": "a", "cache_control": {"type": "ephemeral", "ttl": "1h"}, "citations": [1]},
            Text("a", cache=CacheMarker("1h"), annotations=(1,)),
        ),
        (
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "x"}},
            Image(data="x", media_type="image/png"),
        ),
        ({"type": "image", "source": {"type": "url", "url": "u"}}, Image(url="u")),
        ({"type": "image", "source": {"type": "file", "file_id": "f"}}, Image(file_id="f")),
        (
            {
                "type": "document",
                "source": {"type": "base64", "media_type": "application/pdf", "data": "x"},
                "title": "t",
                "context": "c",
                "citations": {"enabled": True},
                "cache_control": {"type": "ephemeral"},
            },
            Document(
                data="x", media_type="application/pdf", name="t", context="c", citations=True, cache=CacheMarker()
            ),
        ),
        (
            {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "x"}},
            Document(text="x", media_type="text/plain"),
        ),
        ({"type": "document", "source": {"type": "url", "url": "u"}}, Document(url="u")),
        ({"type": "document", "source": {"type": "file", "file_id": "f"}}, Document(file_id="f")),
        (thinking("hm", "s"), Reasoning("hm", signature="s", origin="anthropic")),
        (thinking("hm", seal_of(FOREIGN)), FOREIGN),
        ({"type": "redacted_thinking", "data": "r"}, Reasoning(redacted="r", origin="anthropic")),
        ({"type": "tool_use", "id": "c", "name": "f", "input": {"a": 1}}, ToolCall("c", "f", '{"a":1}')),
        ({"type": "tool_result", "tool_use_id": "c", "content": "r"}, ToolResult("c", (Text("r"),))),
        ({"type": "tool_result", "tool_use_id": "c", "is_error": True}, ToolResult("c", is_error=True)),
        (
            {
                "type": "tool_result",
                "tool_use_id": "c",
                "content": [{"type": "text", "text": "r"}, {"type": "tool_reference", "tool_name": "t"}],
            },
            ToolResult(
                "c",
                (
                    Text("r"),
                    Opaque("anthropic", {"type": "tool_reference", "tool_name": "t"}, "content[0].content[1]"),
                ),
            ),
        ),
    ],
)
def test_a_block_is_this_part(block: dict[str, Any], part: Part) -> None:
    assert content_parts([block], "content") == (part,)


@pytest.mark.parametrize(
    "block",
    [
        OPAQUE,
        {"type": "document", "source": {"type": "content", "content": []}},
        {"type": "tool_use", "id": "c", "name": "f", "input": {}, "caller": {"type": "code_execution_20250825"}},
        {"type": "tool_use", "id": "c", "name": "f", "input": {}, "toolset_name": "browser"},
        {"type": "tool_result", "tool_use_id": "c", "toolset_name": "browser"},
    ],
)
def test_what_only_anthropic_has_stays_closed(block: dict[str, Any]) -> None:
    assert content_parts([block], "content") == (Opaque("anthropic", block, "content[0]"),)


def test_a_text_is_one_part() -> None:
    assert content_parts("hi", "content") == (Text("hi"),)


def test_signatures_that_only_travelled_go_back_to_their_owners() -> None:
    parts = content_parts(
        [
            {"type": "text", "text": "a"},
            thinking("", seal(Seal(signature="of text", of_text=True))),
            thinking("", seal(Seal(signature="of call", call_id="c"))),
            {"type": "tool_use", "id": "c", "name": "f", "input": {}},
            {"type": "tool_use", "id": "d", "name": "f", "input": {}},
        ],
        "content",
    )
    assert parts == (Text("a", signature="of text"), ToolCall("c", "f", "{}", "of call"), ToolCall("d", "f", "{}"))


@pytest.mark.parametrize(
    ("block", "path"),
    [
        ({"type": "text"}, "c[0].text"),
        ({"type": "text", "text": 7}, "c[0].text"),
        ({"type": "text", "text": "a", "cache_control": {"type": "ephemeral", "ttl": "2h"}}, "c[0].cache_control.ttl"),
        ({"type": "image"}, "c[0].source"),
        ({"type": "image", "source": {"type": "magic"}}, "c[0].source.type"),
        ({"type": "image", "source": {"type": "base64", "data": "x"}}, "c[0].source.media_type"),
        ({"type": "image", "source": {"type": "url"}}, "c[0].source.url"),
        ({"type": "document", "source": {"type": "magic"}}, "c[0].source.type"),
        ({"type": "document", "source": {"type": "text"}}, "c[0].source.data"),
        ({"type": "thinking", "thinking": "hm"}, "c[0].signature"),
        ({"type": "tool_use", "id": "c", "name": "f", "input": []}, "c[0].input"),
        ({"type": "tool_result"}, "c[0].tool_use_id"),
        ({"type": "tool_result", "tool_use_id": "c", "content": [{"text": "a"}]}, "c[0].content[0].type"),
        ({"type": "tool_result", "tool_use_id": "c", "content": [{"type": "text"}]}, "c[0].content[0].text"),
        (
            {"type": "tool_result", "tool_use_id": "c", "content": [{"type": "redacted_thinking", "data": "r"}]},
            "c[0].content[0].type",
        ),
    ],
)
def test_a_complaint_names_the_field(block: dict[str, Any], path: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        content_parts([block], "c")
    assert raised.value.param == path
    assert raised.value.message.startswith(f"{path}: ")
