"""Every recorded request of another dialect, as one for Gemini."""

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tornado_gateway.domain.chat import ChatRequest
from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.httpserver.dialects.anthropic_messages import AnthropicMessages
from tornado_gateway.httpserver.dialects.native import Native
from tornado_gateway.httpserver.dialects.openai_chat import OpenAIChat
from tornado_gateway.providers.gemini.request import chat_document

from .anthropic_shapes import texts_of
from .exchanges import cases
from .gemini_shapes import check_request

MODELS = ("gemini-2.0-flash", "gemini-2.5-pro", "gemini-3-flash-preview")


def is_chat(case: Path) -> bool:
    path = json.loads((case / "meta.json").read_bytes()).get("path", "")
    return "/chat/completions" in path and (case / "request.json").read_bytes().lstrip().startswith(b"{")


def is_messages(case: Path) -> bool:
    return str(json.loads((case / "meta.json").read_bytes()).get("path", "")).split("?")[0].endswith("/messages")


def encoded(chat: Callable[[], ChatRequest]) -> list[dict[str, Any]]:
    """The request for each generation of models; empty where it is refused, which is by name."""
    try:
        return [chat_document(chat(), model, []) for model in MODELS]
    except InvalidRequest as refused:
        assert refused.param
        return []


@pytest.mark.parametrize("case", cases("*/*/request.json", is_chat))
def test_what_comes_from_chat_completions_is_a_request_that_the_sdk_knows(case: Path) -> None:
    body = (case / "request.json").read_bytes()
    recorded = json.loads(body)
    for document in encoded(lambda: OpenAIChat().decode_request(body).chat):
        check_request(document)
        check_turns(document)
        assert functions_of(document) == {
            tool["function"]["name"]: tool["function"].get("parameters") for tool in recorded.get("tools") or ()
        }
        told = [text for message in recorded["messages"] for text in chat_texts(message)]
        assert sorted(filter(None, told)) == sorted(texts_in(document))


@pytest.mark.parametrize("case", cases("*/*/request.json", is_chat))
def test_the_native_form_is_told_alike(case: Path) -> None:
    body = (case / "request.json").read_bytes()
    native: Any = Native(lambda: None)  # type: ignore[arg-type,return-value] # no answer, no time
    assert encoded(lambda: native.decode_request(body).chat) == encoded(lambda: OpenAIChat().decode_request(body).chat)


@pytest.mark.parametrize("case", cases("*/*/request.json", is_messages))
def test_what_comes_from_messages_is_a_request_that_the_sdk_knows(case: Path) -> None:
    body = (case / "request.json").read_bytes()
    recorded = json.loads(body)
    for document in encoded(lambda: AnthropicMessages().decode_request(body).chat):
        check_request(document)
        check_turns(document)
        assert functions_of(document) == {tool["name"]: tool["input_schema"] for tool in recorded.get("tools") or ()}
        assert letters(texts_in(document)) == letters(texts_of(recorded))


def check_turns(document: dict[str, Any]) -> None:
    roles = [content["role"] for content in document["contents"]]
    assert all(first != second for first, second in itertools.pairwise(roles))
    called = [p["functionCall"]["name"] for c in document["contents"] for p in c["parts"] if "functionCall" in p]
    for content in document["contents"]:
        for part in content["parts"]:
            if "functionResponse" in part:
                assert part["functionResponse"]["name"] in called


def functions_of(document: dict[str, Any]) -> dict[str, Any]:
    return {
        function["name"]: function.get("parametersJsonSchema")
        for tool in document.get("tools", ())
        for function in tool["functionDeclarations"]
    }


def texts_in(document: dict[str, Any]) -> list[str]:
    parts = [part for content in document["contents"] for part in content["parts"]]
    parts += document.get("systemInstruction", {}).get("parts", [])
    texts = [part["text"] for part in parts if "text" in part and not part.get("thought")]
    for part in parts:
        if "functionResponse" in part:
            result = part["functionResponse"]["response"]
            texts.append(result.get("output", result.get("error", result)))
    return [text if isinstance(text, str) else as_text(text) for text in texts if text]


def as_text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def letters(texts: list[str]) -> list[str]:
    """A result that is a JSON object is told as one: its blanks and its order are gone."""
    return sorted("".join("".join(texts).split()))


def chat_texts(message: dict[str, Any]) -> list[str]:
    content = message.get("content") or []
    texts = [content] if isinstance(content, str) else [part.get("text", "") for part in content]
    if message["role"] != "tool":
        return texts
    joined = "\n".join(texts)
    try:
        value = json.loads(joined)
    except ValueError:
        return [joined]
    return [as_text(value)] if isinstance(value, dict) else [joined]


def test_the_helpers_see_a_wrong_request() -> None:
    good: dict[str, Any] = {"contents": [{"role": "user", "parts": [{"text": "x"}]}]}
    check_request(good)
    for wrong in (
        {"contents": [{"role": "user", "parts": [{"texts": "x"}]}]},
        {**good, "generationConfig": {"max_tokens_": 1}},
        {**good, "tools": [{"functionDeclarations": [{"schema": {}}]}]},
    ):
        with pytest.raises(ValidationError):
            check_request(wrong)
