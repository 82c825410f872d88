from typing import Any

import pytest

from tornado_gateway.domain.chat import (
    CacheMarker,
    Document,
    Image,
    Message,
    Opaque,
    Part,
    Reasoning,
    Role,
    Text,
    ToolCall,
    ToolResult,
)
from tornado_gateway.providers.compatible import VENDORS
from tornado_gateway.providers.openai.messages import Messages
from tornado_gateway.providers.openai.vendor import OPENAI, Vendor

THOUGHT = Reasoning("hm", origin="openai")
FOREIGN = Reasoning("so", signature="s", origin="anthropic")


def said(vendor: Vendor, role: Role, *parts: Part, name: str | None = None) -> tuple[list[dict[str, Any]], list[str]]:
    dropped: list[str] = []
    return Messages(vendor, dropped).of([Message(role, parts, name)]), dropped


@pytest.mark.parametrize(
    ("vendor", "member"),
    [("deepseek", "reasoning_content"), ("zai", "reasoning_content"), ("groq", "reasoning"), ("ollama", "reasoning")],
)
def test_a_thought_goes_back_to_its_kind(vendor: str, member: str) -> None:
    messages, dropped = said(VENDORS[vendor], "assistant", THOUGHT, Text("x"))
    assert messages == [{"role": "assistant", "content": "x", member: "hm"}]
    assert dropped == []


def test_at_mistral_it_is_a_part_of_the_content() -> None:
    messages, _ = said(VENDORS["mistral"], "assistant", THOUGHT, Text("x"))
    assert messages[0]["content"] == [
        {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
        {"type": "text", "text": "x"},
    ]
    call = ToolCall("c", "f", "{}")
    assert len(said(VENDORS["mistral"], "assistant", THOUGHT, call)[0][0]["content"]) == 1


def test_another_protocols_thought_stays_behind_and_is_named() -> None:
    assert said(VENDORS["deepseek"], "assistant", FOREIGN, Text("x"))[1] == ["reasoning"]
    assert said(OPENAI, "assistant", THOUGHT, FOREIGN, Text("x")) == (
        [{"role": "assistant", "content": "x"}],
        ["reasoning"],
    )


def test_details_go_back_to_openrouter_as_they_came() -> None:
    proven = Reasoning("hm", signature='[{"type":"reasoning.text","text":"hm","signature":"s"}]', origin="openai")
    (message,), dropped = said(VENDORS["openrouter"], "assistant", proven, Text("x"))
    assert message["reasoning_details"] == [{"type": "reasoning.text", "text": "hm", "signature": "s"}]
    assert (message["reasoning"], dropped) == ("hm", [])


def test_roles_and_names() -> None:
    assert said(OPENAI, "developer", Text("x"), name="n")[0] == [{"role": "developer", "content": "x", "name": "n"}]
    assert said(VENDORS["groq"], "developer", Text("x"), name="n") == (
        [{"role": "system", "content": "x"}],
        ["messages[0].name"],
    )


def test_cache_markers_where_they_mean_something() -> None:
    parts = (Text("x", cache=CacheMarker("1h")), Image(url="https://a", cache=CacheMarker()))
    (message,), dropped = said(VENDORS["openrouter"], "user", *parts)
    assert [part["cache_control"] for part in message["content"]] == [
        {"type": "ephemeral", "ttl": "1h"},
        {"type": "ephemeral"},
    ]
    assert dropped == []
    assert said(OPENAI, "user", Text("x", cache=CacheMarker())) == (
        [{"role": "user", "content": "x"}],
        ["cache_control"],
    )


def test_that_a_result_is_an_error_only_its_text_can_say() -> None:
    messages, dropped = said(OPENAI, "tool", ToolResult("c", (Text("no such city"),), is_error=True))
    assert messages == [{"role": "tool", "tool_call_id": "c", "content": "no such city"}]
    assert dropped == ["is_error"]


def test_an_image_in_a_result_is_shown_behind_all_results() -> None:
    image = Image(url="https://a/x.png")
    messages, _ = said(OPENAI, "user", ToolResult("c1", (Text("see"), image)), ToolResult("c2"), Text("go on"))
    assert [message["role"] for message in messages] == ["tool", "tool", "user", "user"]
    assert messages[0]["content"] == "see"
    assert messages[2]["content"] == [
        {"type": "text", "text": "Of the result of c1:"},
        {"type": "image_url", "image_url": {"url": "https://a/x.png"}},
    ]
    assert messages[3]["content"] == "go on"


def test_nothing_stands_between_the_results_of_several_messages() -> None:
    results = [Message("tool", (ToolResult(name, (Image(url=f"https://a/{name}"),)),)) for name in ("c1", "c2")]
    messages = Messages(OPENAI, []).of(results)
    assert [message["role"] for message in messages] == ["tool", "tool", "user"]
    assert len(messages[2]["content"]) == 4


def test_another_models_pictures_are_no_words_of_an_assistant() -> None:
    messages, dropped = said(OPENAI, "assistant", Text("Here:"), Image(data="AA", media_type="image/png"))
    assert messages == [{"role": "assistant", "content": "Here:"}]
    assert dropped == ["images"]


def test_cache_markers_of_results_and_of_an_assistants_text() -> None:
    result = ToolResult("c", (Text("a"), Text("b")), cache=CacheMarker())
    (message,), dropped = said(VENDORS["openrouter"], "tool", result)
    assert message["content"] == [
        {"type": "text", "text": "a"},
        {"type": "text", "text": "b", "cache_control": {"type": "ephemeral"}},
    ]
    assert dropped == []
    (message,), _ = said(VENDORS["openrouter"], "assistant", Text("x", cache=CacheMarker("5m")))
    assert message["content"] == [{"type": "text", "text": "x", "cache_control": {"type": "ephemeral", "ttl": "5m"}}]
    call = ToolCall("c", "f", "{}", cache=CacheMarker())
    assert said(VENDORS["openrouter"], "assistant", call)[1] == ["cache_control"]
    for vendor, role, part in (
        (OPENAI, "tool", result),
        (OPENAI, "tool", ToolResult("c", cache=CacheMarker())),
        (OPENAI, "assistant", Text("x", cache=CacheMarker())),
        (OPENAI, "assistant", call),
    ):
        (message,), dropped = said(vendor, role, part)  # type: ignore[arg-type]
        assert dropped == ["cache_control"]
        assert "cache_control" not in str(message)


def test_that_a_document_may_be_cited_has_no_place() -> None:
    assert said(OPENAI, "user", Document(text="x", citations=True))[1] == ["messages[0].content[0].citations"]


def test_an_answer_that_was_sound_goes_back_by_its_id() -> None:
    part = Opaque("openai", {"type": "audio", "audio": {"id": "audio_1"}})
    messages, dropped = said(OPENAI, "assistant", part)
    assert (messages, dropped) == ([{"role": "assistant", "content": None, "audio": {"id": "audio_1"}}], [])
