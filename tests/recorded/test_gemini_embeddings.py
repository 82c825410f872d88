"""Every recorded exchange of embeddings with Gemini."""

import json
from pathlib import Path

import pytest

from tornado_gateway.domain.errors import UpstreamRejected
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.providers.gemini.embeddings import batch_body, read_embeddings
from tornado_gateway.providers.gemini.errors import from_reply

from .exchanges import cases, is_error


@pytest.mark.parametrize("case", cases("gemini-embed/*/request.json"))
def test_a_request_is_the_recorded_one_but_for_its_task(case: Path) -> None:
    recorded = json.loads((case / "request.json").read_bytes())
    requests = [{k: v for k, v in request.items() if k != "taskType"} for request in recorded["requests"]]
    texts = [request["content"]["parts"][0]["text"] for request in requests]
    model = requests[0]["model"].removeprefix("models/")
    assert json.loads(batch_body(model, texts, requests[0].get("outputDimensionality"))) == {"requests": requests}


@pytest.mark.parametrize("case", cases("gemini-embed/*/response.json", lambda case: not is_error(case)))
def test_an_answer_holds_every_number(case: Path) -> None:
    body = (case / "response.json").read_bytes()
    recorded = json.loads(body)
    vectors, usage = read_embeddings(body, len(recorded["embeddings"]), "p")
    assert [list(vector.vector) for vector in vectors] == [one["values"] for one in recorded["embeddings"]]
    assert [vector.index for vector in vectors] == list(range(len(vectors)))
    told = recorded.get("usageMetadata")
    assert usage == (None if told is None else TokenUsage(input=told["promptTokenCount"]))


@pytest.mark.parametrize("case", cases("gemini-embed/*/response.json", is_error))
def test_an_error_keeps_its_message(case: Path) -> None:
    body = (case / "response.json").read_bytes()
    status = json.loads((case / "meta.json").read_bytes())["status"]
    error = from_reply(status, {}, body, "p")
    assert type(error) is UpstreamRejected
    assert (error.status, error.message) == (404, json.loads(body)["error"]["message"])
