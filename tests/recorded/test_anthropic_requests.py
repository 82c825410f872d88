"""Every recorded Anthropic request, relayed and translated, and every chat request for Anthropic."""

import itertools
import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.httpserver.dialects.anthropic_messages import AnthropicCountTokens, AnthropicMessages
from tornado_gateway.httpserver.dialects.openai_chat import OpenAIChat
from tornado_gateway.providers.anthropic import relay, response
from tornado_gateway.providers.anthropic.request import chat_document
from tornado_gateway.providers.openai.request import chat_document as openai_document

from .anthropic_shapes import answered, check_request, in_one_form, openai_texts, texts_of
from .exchanges import cases, is_error

COUNTS = cases("anthropic-count-tokens/*/response.json", lambda case: not is_error(case))


@pytest.mark.parametrize("case", cases("anthropic-messages/*/request.json"))
def test_a_relayed_request_changes_in_nothing_but_the_model(case: Path) -> None:
    body = (case / "request.json").read_bytes()
    call = AnthropicMessages().decode_request(body)
    sent = relay.body(call.wire, "claude-other")
    assert json.loads(sent) == {**json.loads(body), "model": "claude-other"}


@pytest.mark.parametrize("case", cases("anthropic-messages/*/request.json"))
def test_a_request_opened_and_closed_again_means_the_same(case: Path) -> None:
    document = json.loads((case / "request.json").read_bytes())
    dropped: list[str] = []
    chat = AnthropicMessages().decode_request(json.dumps(document).encode()).chat
    assert in_one_form(chat_document(chat, document["model"], dropped)) == in_one_form(document)
    assert dropped == []


@pytest.mark.parametrize("case", cases("anthropic-messages/*/request.json"))
def test_for_a_provider_of_another_family_it_is_told_or_refused_by_name(case: Path) -> None:
    body = (case / "request.json").read_bytes()
    chat = AnthropicMessages().decode_request(body).chat
    try:
        document = openai_document(chat, "gpt-4", [])
    except InvalidRequest as refused:
        assert refused.param
        return
    assert [text for text in texts_of(json.loads(body)) if text] == [t for t in openai_texts(document) if t]


@pytest.mark.parametrize("case", cases("anthropic-count-tokens/*/request.json"))
def test_a_count_s_request_changes_in_nothing_but_the_model(case: Path) -> None:
    body = (case / "request.json").read_bytes()
    call = AnthropicCountTokens().decode_request(body)
    assert json.loads(relay.body(call.wire, "m")) == {**json.loads(body), "model": "m"}
    assert call.chat.messages


@pytest.mark.parametrize("case", COUNTS)
def test_a_relayed_count_comes_back_byte_for_byte_and_costs_nothing(case: Path) -> None:
    answer = (case / "response.json").read_bytes()
    read = response.relayed_count(answer, "p")
    assert read.usage == TokenUsage()
    assert AnthropicCountTokens().encode_response(answered(read)) == answer


@pytest.mark.parametrize("case", cases("*-chat/*/request.json"))
def test_what_comes_from_chat_completions_is_a_request_that_the_sdk_knows(case: Path) -> None:
    body = (case / "request.json").read_bytes()
    try:
        chat = OpenAIChat().decode_request(body).chat
        document = chat_document(chat, "claude-sonnet-4-5", [])
    except InvalidRequest as refused:
        assert refused.param
        return
    check_request(document)
    roles = [turn["role"] for turn in document["messages"]]
    assert all(first != second for first, second in itertools.pairwise(roles))


def test_the_helpers_see_a_wrong_request() -> None:
    with pytest.raises(ValidationError):
        check_request({"model": "m", "max_tokens": 1, "messages": [{"role": "user", "content": [{"type": "image"}]}]})
