from typing import Any

import msgspec
import pytest

from tornado_gateway.domain.guardrails.documents import Path
from tornado_gateway.domain.guardrails.members import Kind, descriptions, read_texts, texts
from tornado_gateway.domain.paths import key_path


def found(name: str, value: Any) -> dict[str, tuple[str, str]]:
    return {key_path(text.path): (text.kind.name, text.said) for text in texts(msgspec.json.encode(value), (name,))}


@pytest.mark.parametrize(
    ("name", "value", "place", "kind"),
    [
        ("prompt", "x", "prompt", Kind.TEXT),
        ("prompt", ["x"], "prompt[0]", Kind.TEXT),
        ("input", "x", "input", Kind.TEXT),
        ("input", ["x"], "input[0]", Kind.TEXT),
        ("instructions", "x", "instructions", Kind.TEXT),
        ("system", [{"type": "text", "text": "x"}], "system[0].text", Kind.TEXT),
        ("messages", [{"role": "user", "content": "x"}], "messages[0].content", Kind.TEXT),
        ("messages", [{"content": [{"type": "text", "text": "x"}]}], "messages[0].content[0].text", Kind.TEXT),
        ("messages", [{"content": [{"type": "file", "text": "x"}]}], "messages[0].content[0].text", Kind.TEXT),
        ("messages", [{"vendor": {"own": "x"}}], "messages[0].vendor.own", Kind.TEXT),
        ("messages", [{"reasoning_content": "x"}], "messages[0].reasoning_content", Kind.TEXT),
        ("messages", [{"refusal": "x"}], "messages[0].refusal", Kind.TEXT),
        (
            "messages",
            [{"tool_calls": [{"function": {"arguments": "x"}}]}],
            "messages[0].tool_calls[0].function.arguments",
            Kind.ARGUMENTS,
        ),
        ("messages", [{"content": [{"thinking": "x"}]}], "messages[0].content[0].thinking", Kind.SEALED),
        (
            "messages",
            [{"content": [{"type": "tool_result", "content": [{"text": "x"}]}]}],
            "messages[0].content[0].content[0].text",
            Kind.TEXT,
        ),
        ("messages", [{"content": [{"input": {"name": "x"}}]}], "messages[0].content[0].input.name", Kind.FREE),
        ("input", [{"type": "function_call", "arguments": "x"}], "input[0].arguments", Kind.ARGUMENTS),
        ("input", [{"type": "function_call_output", "output": "x"}], "input[0].output", Kind.TEXT),
        ("input", [{"type": "custom_tool_call", "input": "x"}], "input[0].input", Kind.FREE),
        ("input", [{"type": "reasoning", "summary": [{"text": "x"}]}], "input[0].summary[0].text", Kind.SEALED),
        ("output", [{"content": [{"text": "x"}]}], "output[0].content[0].text", Kind.TEXT),
        ("output", [{"name": "x"}], "output[0].name", Kind.TOOL),
        ("content", [{"type": "tool_use", "name": "x"}], "content[0].name", Kind.TOOL),
        (
            "choices",
            [{"message": {"tool_calls": [{"function": {"name": "x"}}]}}],
            "choices[0].message.tool_calls[0].function.name",
            Kind.TOOL,
        ),
        ("choices", [{"text": "x"}], "choices[0].text", Kind.TEXT),
        (
            "messages",
            [{"content": [{"source": {"data": "x", "type": "text"}}]}],
            "messages[0].content[0].source.data",
            Kind.TEXT,
        ),
        (
            "messages",
            [{"content": [{"source": {"type": "text", "data": "x"}}]}],
            "messages[0].content[0].source.data",
            Kind.TEXT,
        ),
    ],
)
def test_texts(name: str, value: Any, place: str, kind: Kind) -> None:
    assert {where: each for where, each in found(name, value).items() if each[1] == "x"} == {place: (kind.name, "x")}


@pytest.mark.parametrize(
    "value",
    [
        [{"role": "user"}],
        [{"tool_call_id": "x"}],
        [{"name": "x"}],
        [{"content": [{"type": "image_url", "image_url": {"url": "data:x", "detail": "x"}}]}],
        [{"content": [{"type": "input_image", "image_url": "x"}]}],
        [{"content": [{"type": "image", "source": {"type": "base64", "media_type": "x", "data": "x"}}]}],
        [{"content": [{"type": "input_audio", "input_audio": {"data": "x", "format": "wav"}}]}],
        [{"content": [{"type": "file", "file": {"file_data": "x", "file_id": "x"}}]}],
        [{"content": [{"type": "thinking", "signature": "x"}, {"type": "redacted_thinking", "data": "x"}]}],
        [{"encrypted_content": "x", "id": "x", "status": "x"}],
        [{"content": [{"type": "tool_result", "tool_use_id": "x"}]}],
        [{"cache_control": {"type": "x", "ttl": "x"}}],
        [1, 2.5, None, True, {}, []],
    ],
)
def test_what_is_no_text(value: Any) -> None:
    assert found("messages", value) == {}


def test_numbers_of_a_tool_s_input_are_looked_at() -> None:
    shown = found("content", [{"input": {"card": 4111111111111111, "on": True, "none": None}}])
    assert shown == {"content[0].input.card": ("FREE", "4111111111111111")}


def test_likelihoods_come_whole() -> None:
    document = b'[{"logprobs": {"content": [{"token": "x"}]}}, {"logprobs": null}, {"logprobs": []}]'
    listed = list(texts(document, ("choices",)))
    assert [(each.kind, document[each.value.start : each.value.end]) for each in listed] == [
        (Kind.LIKELIHOODS, b'{"content": [{"token": "x"}]}'),
        (Kind.LIKELIHOODS, b"[]"),
    ]


def test_descriptions() -> None:
    tools = [
        {"name": "n", "description": "x", "parameters": {"properties": {"a": {"description": "y", "enum": ["z"]}}}}
    ]
    listed = descriptions(msgspec.json.encode(tools), ("tools",))
    assert [(key_path(each.path), each.said) for each in listed] == [
        ("tools[0].description", "x"),
        ("tools[0].parameters.properties.a.description", "y"),
    ]
    assert list(descriptions(b'[{"name":"n"}]', ("tools",))) == []


@pytest.mark.parametrize(
    ("document", "path", "said"),
    [
        (b'[{"s\\u006furce":{"type":"te\\u0078t","data":"x"}}]', ("messages",), ["x"]),
        (b'{"id":"p","variables":{"name":"x","data":"y"}}', ("prompt",), ["x", "y"]),
        (b'[{"message":{"reasoning_details":[{"type":"reasoning.summary","summary":"x"}]}}]', ("choices",), ["x"]),
    ],
)
def test_escaped_names_and_names_of_the_callers_own_hide_nothing(document: bytes, path: Path, said: list[str]) -> None:
    found = list(texts(document, path))
    assert [text.said for text in found] == said
    assert {text.kind for text in found} == {Kind.TEXT}
    assert [text.said for text in read_texts(msgspec.json.decode(document), path)] == said


def test_descriptions_with_escaped_names() -> None:
    document = b'[{"descripti\\u006fn":"x"}]'
    assert [text.said for text in descriptions(document, ("tools",))] == ["x"]
