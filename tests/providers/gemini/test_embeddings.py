import json

import pytest

from tornado_gateway.domain.call import Embedding
from tornado_gateway.domain.errors import UpstreamFailed, UpstreamRateLimited
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.providers.gemini.embeddings import batch_body, read_embeddings, single_body


def test_bodies_of_both_endpoints() -> None:
    one = {"model": "models/e-1", "content": {"parts": [{"text": "a"}]}}
    assert json.loads(single_body("e-1", "a")) == one
    assert json.loads(single_body("models/e-1", "a", 8)) == {**one, "outputDimensionality": 8}
    assert json.loads(batch_body("e-1", ["a", "a"])) == {"requests": [one, one]}


def test_answers_of_both_endpoints() -> None:
    single = b'{"embedding":{"values":[0.5,-1]}}'
    assert read_embeddings(single, 1, "g") == ((Embedding(0, (0.5, -1.0)),), None)
    batch = b'{"embeddings":[{"values":[1]},{"values":[2]}],"usageMetadata":{"promptTokenCount":4}}'
    assert read_embeddings(batch, 2, "g") == ((Embedding(0, (1.0,)), Embedding(1, (2.0,))), TokenUsage(input=4))


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"embeddings":[{"values":[1]}]}', b'{"embeddings":[{}]}'])
def test_garbled_answers(body: bytes) -> None:
    with pytest.raises(UpstreamFailed):
        read_embeddings(body, 2, "g")


def test_an_error_under_status_200() -> None:
    with pytest.raises(UpstreamRateLimited):
        read_embeddings(b'{"error":{"code":429}}', 1, "g")
