"""Every recorded chat request: relayed to its own vendor, opened and closed again, and told to every other vendor."""

import json
from pathlib import Path
from typing import Any

import pytest
from openai.types.chat import CompletionCreateParams
from pydantic import TypeAdapter

from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.httpserver.dialects.openai_chat import OpenAIChat
from tornado_gateway.providers.compatible import VENDORS
from tornado_gateway.providers.openai.relay import relayed_body
from tornado_gateway.providers.openai.request import chat_document
from tornado_gateway.providers.openai.vendor import OPENAI

from .anthropic_shapes import walk
from .exchanges import cases
from .openai_shapes import vendor_of

REQUESTS = cases("*-chat/*/request.json")
CHAT: TypeAdapter[Any] = TypeAdapter(CompletionCreateParams)


@pytest.mark.parametrize("case", REQUESTS)
def test_a_request_goes_to_its_own_vendor_as_it_came(case: Path) -> None:
    document = json.loads((case / "request.json").read_bytes())
    call = OpenAIChat().decode_request(json.dumps(document).encode())
    vendor = vendor_of(case)
    dropped: list[str] = []
    told = json.loads(relayed_body(call.wire, "m-2", stream=call.stream, vendor=vendor, dropped=dropped))
    expected = {**document, "model": "m-2"}
    if call.stream and vendor.usage_option:
        expected["stream_options"] = {**(document.get("stream_options") or {}), "include_usage": True}
    for name in dropped:
        expected.pop(name, None)
    assert told.keys() == expected.keys()
    for name in told.keys() - {"messages"}:
        assert told[name] == expected[name]
    assert len(told["messages"]) == len(document["messages"])


@pytest.mark.parametrize("case", REQUESTS)
def test_for_every_vendor_it_is_one_that_the_sdk_knows_or_refused_by_name(case: Path) -> None:
    body = (case / "request.json").read_bytes()
    for vendor in (OPENAI, *VENDORS.values()):
        try:
            document = chat_document(OpenAIChat().decode_request(body).chat, "m", [], vendor)
        except InvalidRequest as refused:
            assert refused.param
            continue
        if vendor is OPENAI:
            document = {name: value for name, value in document.items() if name in _DOCUMENTED}
            document.pop("service_tier", None)  # Groq has words of its own
            for message in document["messages"]:
                for own in ("reasoning_content", "reasoning", "reasoning_details"):
                    message.pop(own, None)
            walk(CHAT.validate_python(document))


_DOCUMENTED = frozenset(
    {
        "messages", "model", "stream", "stream_options", "tools", "tool_choice", "parallel_tool_calls",
        "max_tokens", "max_completion_tokens", "temperature", "top_p", "n", "stop", "seed", "response_format",
        "reasoning_effort", "logprobs", "top_logprobs", "logit_bias", "user", "metadata", "service_tier",
        "frequency_penalty", "presence_penalty", "verbosity",
    }
)  # fmt: skip
"""What a vendor adds of its own goes through, and is nothing that OpenAI's types could know."""


@pytest.mark.parametrize("case", REQUESTS)
def test_opened_and_closed_again_it_means_the_same(case: Path) -> None:
    document = json.loads((case / "request.json").read_bytes())
    try:
        chat = OpenAIChat().decode_request(json.dumps(document).encode()).chat
    except InvalidRequest as refused:
        assert (refused.param or "").startswith("tools[")  # a vendor's own tool, which only it can be relayed
        return
    again = chat_document(chat, document["model"], [], VENDORS["openrouter"])
    for name in ("temperature", "top_p", "tools", "tool_choice", "response_format", "stop", "seed", "user"):
        wanted = {"any": "required"}.get(str(document.get(name)), document.get(name))
        if wanted and name != "tools":
            assert again[name] == (wanted if name != "stop" else listed(wanted))
    functions = [
        tool["function"]["name"] for tool in document.get("tools") or () if tool.get("type", "function") == "function"
    ]
    assert [tool["function"]["name"] for tool in again.get("tools", ())] == functions
    assert texts(again) == texts(document)


def listed(stop: Any) -> list[str]:
    return [stop] if isinstance(stop, str) else stop


def texts(document: dict[str, Any]) -> list[str]:
    found = []
    for message in document["messages"]:
        content = message.get("content") or ""
        pieces = [{"text": content}] if isinstance(content, str) else content
        found.append("".join(piece.get("text") or "" for piece in pieces))
    return [text for text in found if text]
