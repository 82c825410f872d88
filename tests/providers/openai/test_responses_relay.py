import json
from typing import Any

import msgspec
import pytest

from tornado_gateway.domain.chat import Reasoning
from tornado_gateway.domain.errors import UpstreamFailed, UpstreamRateLimited
from tornado_gateway.domain.thoughts import seal_of
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.domain.wire import OPENAI_RESPONSES, Wire
from tornado_gateway.providers.openai.responses_relay import body, relayed_answer


def wire(**document: Any) -> Wire:
    return Wire(OPENAI_RESPONSES, msgspec.json.decode(msgspec.json.encode(document), type=dict[str, msgspec.Raw]))


def answered(**document: Any) -> Any:
    return relayed_answer(json.dumps(document).encode(), "p")


def test_a_request_changes_in_nothing_but_the_model() -> None:
    asked = {"model": "alias", "input": "hi", "store": True, "stream": True, "own": {"x": 1.50}}
    assert json.loads(body(wire(**asked), "gpt-5")) == {**asked, "model": "gpt-5"}


def test_another_providers_thoughts_stay_behind() -> None:
    sealed = {"type": "reasoning", "summary": [], "encrypted_content": seal_of(Reasoning(origin="anthropic"))}
    own = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAAA"}
    user = {"role": "user", "content": "hi"}
    assert json.loads(body(wire(input=[user, sealed, own]), "m"))["input"] == [user, own]
    # Whoever quotes such a text loses nothing.
    assert json.loads(body(wire(input=sealed["encrypted_content"]), "m"))["input"] == sealed["encrypted_content"]


def test_usage_in_buckets() -> None:
    usage = {
        "input_tokens": 100,
        "input_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 10},
        "output_tokens": 50,
        "output_tokens_details": {"reasoning_tokens": 30},
        "total_tokens": 150,
    }
    answer = answered(status="completed", output=[], usage=usage)
    assert answer.usage == TokenUsage(30, 20, cached_input=60, cache_write=10, reasoning=30)
    assert answer.usage.total_tokens == 150


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"status": "completed", "output": [{"type": "message"}]}, "stop"),
        ({"status": "completed", "output": [{"type": "reasoning"}, {"type": "function_call"}]}, "tool_calls"),
        ({"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}, "output": []}, "length"),
        ({"status": "incomplete", "incomplete_details": {"reason": "content_filter"}, "output": []}, "content_filter"),
        ({"status": "incomplete", "incomplete_details": None, "output": []}, "length"),
        ({"status": "failed", "error": {"code": "server_error", "message": "m"}, "output": []}, "error"),
    ],
)
def test_finish_reasons(document: dict[str, Any], reason: str) -> None:
    assert answered(**document).finish_reason == reason


def test_an_answer_without_an_output_is_garbled() -> None:
    for garbled in (b"{}", b'{"foo":1}', b'{"output":null,"usage":{"input_tokens":1}}'):
        with pytest.raises(UpstreamFailed, match="output"):
            relayed_answer(garbled, "p")


def test_one_that_was_only_put_into_the_queue_has_used_nothing() -> None:
    assert answered(status="queued", output=[], usage=None).usage == TokenUsage()
    assert answered(status="completed", output=[]).usage is None


def test_no_answer_at_all() -> None:
    with pytest.raises(UpstreamFailed):
        relayed_answer(b"<html>", "p")
    with pytest.raises(UpstreamRateLimited):
        answered(error={"code": "rate_limit_exceeded", "message": "slow"})
