"""Every recorded OpenAI embeddings exchange, relayed."""

import json
from pathlib import Path

import pytest

from tornado_gateway.domain.errors import UpstreamRejected
from tornado_gateway.domain.wire import OPENAI_EMBEDDINGS
from tornado_gateway.httpserver.dialects.openai_embeddings import OpenAIEmbeddings
from tornado_gateway.providers.openai.errors import from_reply
from tornado_gateway.providers.openai.relay import relayed_body
from tornado_gateway.providers.openai.response import relayed_answer

from .anthropic_shapes import answered
from .exchanges import cases, is_error


@pytest.mark.parametrize("case", cases("openai-embeddings/*/request.json"))
def test_a_request_goes_on_as_it_came(case: Path) -> None:
    document = json.loads((case / "request.json").read_bytes())
    call = OpenAIEmbeddings().decode_request(json.dumps(document).encode())
    assert json.loads(relayed_body(call.wire, "m-2", stream=False)) == {**document, "model": "m-2"}


@pytest.mark.parametrize("case", cases("openai-embeddings/*/response.json"))
def test_an_answer_comes_back_as_it_was(case: Path) -> None:
    body = (case / "response.json").read_bytes()
    recorded = json.loads(body)
    if is_error(case):
        error = from_reply(json.loads((case / "meta.json").read_bytes())["status"], {}, body, "p")
        assert isinstance(error, UpstreamRejected)
        assert (error.code, error.message) == (recorded["error"]["code"], recorded["error"]["message"])
        return
    answer = relayed_answer(body, OPENAI_EMBEDDINGS, "p")
    assert answer.usage is not None
    assert answer.usage.prompt_tokens == answer.usage.total_tokens == recorded["usage"]["total_tokens"]
    told = json.loads(OpenAIEmbeddings().encode_response(answered(answer)))
    assert told.pop("usage") == {**recorded.pop("usage"), "cost": None}
    assert told == recorded
