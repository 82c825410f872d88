import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from openai.types import CreateEmbeddingResponse

from tornado_gateway.domain.call import Answer, Completed, Embedding
from tornado_gateway.domain.embeddings import EmbeddingCall
from tornado_gateway.domain.errors import InvalidRequest, UpstreamFailed
from tornado_gateway.domain.money import Cost
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.domain.wire import OPENAI_EMBEDDINGS, Wire
from tornado_gateway.httpserver.dialects.openai_embeddings import OpenAIEmbeddings

DIALECT = OpenAIEmbeddings()


def read(**members: Any) -> EmbeddingCall:
    call = DIALECT.decode_request(json.dumps({"model": "m", **members}).encode())
    assert isinstance(call, EmbeddingCall)
    return call


def completed(answer: Answer) -> Completed:
    return Completed(
        answer=answer,
        usage=TokenUsage(input=3),
        cost=Cost(Decimal("0.00000006")),
        requested_model="m",
        provider="p",
        model="m-1",
        attempts=1,
        revision="r",
    )


@pytest.mark.parametrize(
    ("given", "inputs"),
    [
        ("a", ("a",)),
        (["a", "b"], ("a", "b")),
        ([1, 2], ((1, 2),)),
        ([[1], [2, 3]], ((1,), (2, 3))),
        (["a", [1]], ("a", (1,))),
    ],
)
def test_inputs(given: Any, inputs: Any) -> None:
    assert read(input=given).request.inputs == inputs


def test_all_members() -> None:
    call = read(input="a", encoding_format="base64", dimensions=8, user="u", input_type="query")
    assert (call.as_base64, call.model, call.stream) == (True, "m", False)
    assert (call.request.dimensions, call.request.user, call.request.extra) == (8, "u", {"input_type": "query"})
    assert not read(input="a").as_base64
    assert not read(input="a", encoding_format="float").as_base64


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({}, "input"),
        ({"input": []}, "input"),
        ({"input": None}, "input"),
        ({"input": [1.5]}, "input[0]"),
        ({"input": [[1, "x"]]}, "input[0][1]"),
        ({"input": "a", "dimensions": "8"}, "dimensions"),
        ({"input": "a", "encoding_format": "int8"}, "encoding_format"),
    ],
)
def test_what_is_wrong_is_named(members: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read(**members)
    assert refused.value.param == param
    assert refused.value.message.startswith(f"{param}: ")


def test_a_number_among_texts() -> None:
    with pytest.raises(InvalidRequest, match=r"input\[1\]"):
        _ = read(input=["a", 1]).request


def test_a_relayed_answer_gets_its_cost_and_nothing_else() -> None:
    body = b'{"object":"list","data":[{"embedding":[0.1,1e-9]}],"usage":{"prompt_tokens":3,"total_tokens":3},"x":1.50}'
    fields = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    told = DIALECT.encode_response(completed(Answer(usage=None, relayed=Wire(OPENAI_EMBEDDINGS, fields))))
    assert told == body.replace(b'"total_tokens":3', b'"total_tokens":3,"cost":0.00000006')


def test_a_translated_answer_is_one_that_the_sdk_knows() -> None:
    told = DIALECT.encode_response(completed(Answer(usage=None, embeddings=(Embedding(0, (0.5,)), Embedding(1, "AA")))))
    document = json.loads(told)
    assert document["usage"] == {"prompt_tokens": 3, "total_tokens": 3, "cost": 6e-08}
    assert [each["embedding"] for each in document["data"]] == [[0.5], "AA"]
    CreateEmbeddingResponse.model_validate({**document, "data": document["data"][:1]})
    assert document["model"] == "m-1"


def test_errors_have_openais_form() -> None:
    assert json.loads(DIALECT.encode_error(UpstreamFailed("x"), "r"))["error"]["code"] == "upstream_failed"
