import pytest

from tornado_gateway.domain.chat import (
    Audio,
    CacheMarker,
    Document,
    Image,
    Message,
    Opaque,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.providers.anthropic.blocks import Blocks

PNG = "iVBORw0KGgo="


def told(*parts: Part, own: bool = False) -> tuple[list[dict[str, object]], list[str]]:
    dropped: list[str] = []
    return Blocks(own=own, dropped=dropped).of(Message("user", parts), "messages[0]"), dropped


@pytest.mark.parametrize(
    ("part", "block"),
    [
        (Text("a"), {"type": "text", "text": "a"}),
        (Text("a", cache=CacheMarker()), {"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}}),
        (
            Text("a", annotations=({"type": "char_location"}, {"type": "url_citation"})),
            {"type": "text", "text": "a", "citations": [{"type": "char_location"}]},
        ),
        (Refusal("no"), {"type": "text", "text": "no"}),
        (Image(url="https://x/y.png"), {"type": "image", "source": {"type": "url", "url": "https://x/y.png"}}),
        (
            Image(data=PNG, media_type="image/png"),
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
        ),
        (Image(data=PNG), {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}),
        (
            Image(data="x", media_type="image/jpg"),
            {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": "x"}},
        ),
        (
            Document(data="JVBE", name="a.pdf", context="c", citations=True),
            {
                "type": "document",
                "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBE"},
                "title": "a.pdf",
                "context": "c",
                "citations": {"enabled": True},
            },
        ),
        (
            Document(data="aGk=", media_type="text/markdown"),
            {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "hi"}},
        ),
        (
            Document(text="hi"),
            {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "hi"}},
        ),
        (Document(url="https://x"), {"type": "document", "source": {"type": "url", "url": "https://x"}}),
        (
            Reasoning(text="hm", signature="s", origin="anthropic"),
            {"type": "thinking", "thinking": "hm", "signature": "s"},
        ),
        (Reasoning(redacted="r", origin="anthropic"), {"type": "redacted_thinking", "data": "r"}),
        (ToolCall("c", "f", ""), {"type": "tool_use", "id": "c", "name": "f", "input": {}}),
        (
            ToolResult("c", (Text("a"), Image(url="u")), is_error=True),
            {
                "type": "tool_result",
                "tool_use_id": "c",
                "content": [{"type": "text", "text": "a"}, {"type": "image", "source": {"type": "url", "url": "u"}}],
                "is_error": True,
            },
        ),
        (ToolResult("c", (Text(""),)), {"type": "tool_result", "tool_use_id": "c"}),
        (Opaque("anthropic", {"type": "search_result"}), {"type": "search_result"}),
    ],
)
def test_a_part_is_this_block(part: Part, block: dict[str, object]) -> None:
    assert told(part) == ([block], [])


def test_a_file_id_is_known_only_at_home() -> None:
    (image, document), _ = told(Image(file_id="f1"), Document(file_id="f2"), own=True)
    assert image["source"] == {"type": "file", "file_id": "f1"}
    assert document["source"] == {"type": "file", "file_id": "f2"}


@pytest.mark.parametrize(
    "part",
    [
        Image(file_id="f"),
        Image(),
        Image(data="Qk0=", media_type="image/bmp"),
        Image(data="????"),
        Document(),
        Document(file_id="f"),
        Document(data="x", media_type="application/msword"),
        Document(data="/w==", media_type="text/plain"),
        Audio("x", "wav"),
        ToolCall("c", "f", "free text", custom=True),
        ToolCall("c", "f", '{"cut":'),
        ToolCall("c", "f", "[1]"),
    ],
)
def test_what_has_no_place_is_refused_by_its_path(part: Part) -> None:
    with pytest.raises(InvalidRequest) as raised:
        told(Text("a"), part)
    assert raised.value.param == "messages[0].content[1]"


@pytest.mark.parametrize(
    "thought", [Reasoning(text="hm", origin="openai", signature="s"), Reasoning(text="hm", origin="anthropic")]
)
def test_a_thought_that_anthropic_did_not_sign_is_left_out_and_listed(thought: Reasoning) -> None:
    assert told(thought, thought) == ([], ["reasoning"])


def test_an_image_s_detail_is_a_hint() -> None:
    assert told(Image(url="u", detail="low"))[1] == ["messages[0].content[0].detail"]
    assert told(Image(url="u", detail="auto"))[1] == []


def test_an_id_that_the_api_refuses_is_changed_for_call_and_result_alike() -> None:
    blocks, _ = told(ToolCall("a|b", "f", "{}"), ToolCall("a.b", "f", "{}"), ToolResult("a.b"), ToolResult("a|b"))
    first, second = blocks[0]["id"], blocks[1]["id"]
    assert first != second
    assert [block["tool_use_id"] for block in blocks[2:]] == [second, first]
