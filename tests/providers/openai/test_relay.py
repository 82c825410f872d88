import json
from typing import Any

import msgspec
import pytest

from tests.support import call
from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.domain.wire import OPENAI_COMPLETIONS, Wire
from tornado_gateway.providers.compatible import UNKNOWN, VENDORS
from tornado_gateway.providers.openai.relay import relayed_body
from tornado_gateway.providers.openai.vendor import OPENAI, Vendor


def test_a_relayed_body_differs_in_model_and_stream_options_alone() -> None:
    asked = call("alias", stream=True, x={"deep": 1.50}, stream_options={"include_obfuscation": False})
    body = msgspec.json.decode(relayed_body(asked.wire, "gpt-4o", stream=True))
    assert body["stream_options"] == {"include_obfuscation": False, "include_usage": True}
    assert (body["model"], body["x"]) == ("gpt-4o", {"deep": 1.5})
    assert "stream_options" not in msgspec.json.decode(relayed_body(call().wire, "m", stream=False))
    assert msgspec.json.decode(relayed_body(call().wire, "m", stream=True))["stream_options"] == {"include_usage": True}


def sent(vendor: Vendor, messages: list[dict[str, Any]], dropped: list[str] | None = None, **more: Any) -> Any:
    wire = call(messages=messages, **more).wire
    return json.loads(relayed_body(wire, "m", stream=bool(more.get("stream")), vendor=vendor, dropped=dropped))


HI = {"role": "user", "content": "hi"}


def test_what_only_the_gateway_knows_goes_to_nobody() -> None:
    said = {"role": "assistant", "content": "x", "thinking_blocks": [{"type": "thinking"}]}
    for vendor in (OPENAI, UNKNOWN, *VENDORS.values()):
        assert sent(vendor, [HI, said])["messages"][1] == {"role": "assistant", "content": "x"}


def test_roles_and_names_that_a_vendor_does_not_know() -> None:
    messages = [{"role": "developer", "content": "d", "name": "n"}, {"role": "tool", "name": "f", "content": "x"}]
    assert sent(OPENAI, messages)["messages"] == messages
    dropped: list[str] = []
    fit = sent(VENDORS["groq"], messages, dropped)["messages"]
    assert fit == [{"role": "system", "content": "d"}, messages[1]]
    assert dropped == ["messages[].name"]


@pytest.mark.parametrize("given", ["reasoning", "reasoning_content"])
def test_a_thought_is_handed_back_where_the_vendor_looks_for_it(given: str) -> None:
    said = {"role": "assistant", "content": "x", given: "hm"}
    assert sent(VENDORS["groq"], [said])["messages"][0]["reasoning"] == "hm"
    assert sent(VENDORS["deepseek"], [said])["messages"][0]["reasoning_content"] == "hm"
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}
    assert sent(VENDORS["mistral"], [said])["messages"][0] == {
        "role": "assistant",
        "content": [thinking, {"type": "text", "text": "x"}],
    }
    # An empty one says nothing, and Mistral refuses the name of it.
    assert sent(VENDORS["mistral"], [{**said, given: ""}])["messages"][0] == {"role": "assistant", "content": "x"}
    for unknown in (OPENAI, UNKNOWN):
        assert sent(unknown, [said])["messages"] == [said]


def test_a_vendor_that_reports_usage_unasked_is_not_asked() -> None:
    dropped: list[str] = []
    assert "stream_options" not in sent(VENDORS["mistral"], [HI], dropped, stream=True)
    assert dropped == []
    assert "stream_options" not in sent(VENDORS["mistral"], [HI], dropped, stream=True, stream_options={"x": 1})
    assert dropped == ["stream_options"]


def test_the_newer_name_of_the_limit_and_fields_that_nobody_knows() -> None:
    fit = sent(VENDORS["mistral"], [HI], max_completion_tokens=7, max_tokens=9, seed=3, safe_prompt=True)
    assert (fit["max_tokens"], fit["random_seed"], fit["safe_prompt"]) == (7, 3, True)
    assert "max_completion_tokens" not in fit


def test_what_would_be_refused_is_refused_by_name() -> None:
    with pytest.raises(InvalidRequest) as refused:
        sent(VENDORS["groq"], [HI], n=2)
    assert refused.value.param == "n"
    assert sent(VENDORS["groq"], [HI], n=1)["n"] == 1


def test_text_completions_have_no_messages() -> None:
    wire = Wire(OPENAI_COMPLETIONS, {"prompt": msgspec.Raw(b'"thinking_blocks"')})
    assert json.loads(relayed_body(wire, "m", stream=False)) == {"prompt": "thinking_blocks", "model": "m"}
