from decimal import Decimal
from typing import Any

import pytest
from openai.types.responses import Response

from tornado_gateway.domain.chat import (
    ChatResponse,
    Choice,
    FinishReason,
    Message,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
)
from tornado_gateway.domain.money import Cost
from tornado_gateway.domain.thoughts import Seal, unseal
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.httpserver.dialects.responses_answer import annotations_of, logprobs_of, response_document

USAGE = TokenUsage(input=10, output=5, cached_input=3, cache_write=2, cache_write_1h=1, reasoning=4)


def told(*parts: Part, finish: FinishReason = "stop", logprobs: Any = None, **more: Any) -> dict[str, Any]:
    choice = Choice(index=0, message=Message("assistant", parts), finish_reason=finish, logprobs=logprobs)
    chat = ChatResponse(id="chatcmpl-1", model="m", choices=(choice,), **more)
    document = response_document(chat, USAGE, Cost(Decimal("0.5")), {}, created=7)
    Response.model_validate({**document, "usage": {**document["usage"], "cost": 0.5}})
    return document


def test_items_come_in_the_order_of_the_answer() -> None:
    document = told(
        Reasoning("hm", signature="s", origin="anthropic"), Text("a"), Refusal("no"), ToolCall("c", "f", "{}")
    )
    thought, message, call = document["output"]
    assert thought["summary"] == [{"type": "summary_text", "text": "hm"}]
    assert unseal(thought["encrypted_content"]) == Seal(origin="anthropic", signature="s")
    assert [part["type"] for part in message["content"]] == ["output_text", "refusal"]
    assert (call["call_id"], call["name"], call["arguments"], call["status"]) == ("c", "f", "{}", "completed")
    assert len({item["id"] for item in document["output"]}) == 3
    assert (document["id"], document["created_at"], document["status"]) == ("resp_chatcmpl-1", 7, "completed")


def test_signatures_of_texts_and_calls_have_items_of_their_own() -> None:
    document = told(Text("a", signature="t"), Text("b"), ToolCall("c", "f", "x", signature="g", custom=True))
    kinds = [item["type"] for item in document["output"]]
    assert kinds == ["message", "reasoning", "message", "custom_tool_call", "reasoning"]
    seals = [unseal(item["encrypted_content"]) for item in document["output"] if item["type"] == "reasoning"]
    assert seals == [Seal(signature="t", of_text=True), Seal(signature="g", call_id="c")]


@pytest.mark.parametrize(
    ("finish", "status", "reason"),
    [
        ("stop", "completed", None),
        ("tool_calls", "completed", None),
        ("refusal", "incomplete", "content_filter"),
        ("length", "incomplete", "max_output_tokens"),
        ("content_filter", "incomplete", "content_filter"),
        ("error", "failed", None),
    ],
)
def test_endings(finish: FinishReason, status: str, reason: str | None) -> None:
    document = told(Text("a"), finish=finish)
    assert document["status"] == status
    assert (document["incomplete_details"] or {}).get("reason") == reason
    assert bool(document["error"]) is (status == "failed")


def test_usage_sums_up() -> None:
    usage = told(Text("a"))["usage"]
    assert (usage["input_tokens"], usage["output_tokens"], usage["total_tokens"]) == (16, 9, 25)
    assert usage["input_tokens_details"] == {"cached_tokens": 3, "cache_write_tokens": 3}
    assert usage["output_tokens_details"] == {"reasoning_tokens": 4}


def test_a_tier_that_openai_does_not_have_is_not_told() -> None:
    assert told(Text("a"), service_tier="flex")["service_tier"] == "flex"
    assert told(Text("a"), service_tier="on_demand")["service_tier"] == "default"


def test_annotations_and_logprobs_in_this_form() -> None:
    note = {"type": "url_citation", "url_citation": {"url": "u", "title": "t", "start_index": 0, "end_index": 1}}
    flat = {"type": "url_citation", "url": "u", "title": "t", "start_index": 0, "end_index": 1}
    assert annotations_of([note, flat, {"type": "char_location"}, "x"]) == [flat, flat]
    assert logprobs_of({"content": [{"token": "a"}]}) == [{"token": "a"}]
    assert logprobs_of(None) == []


def test_logprobs_are_those_of_the_text() -> None:
    token = {"token": "a", "logprob": -0.5, "bytes": [97], "top_logprobs": []}
    document = told(Text("a"), Text("b"), logprobs={"content": [token], "refusal": None})
    assert [part["logprobs"] for part in document["output"][0]["content"]] == [[token], []]


def test_a_refusal_that_says_so_is_complete() -> None:
    assert told(Refusal("No."), finish="refusal")["status"] == "completed"


def test_what_was_cut_off_is_incomplete() -> None:
    document = told(Text("a"), ToolCall("c", "f", '{"a":'), finish="length")
    assert [item["status"] for item in document["output"]] == ["completed", "incomplete"]
    assert [item["status"] for item in told(Text("a"), finish="length")["output"]] == ["incomplete"]
