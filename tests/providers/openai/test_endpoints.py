import pytest

from tornado_gateway.domain.wire import (
    ANTHROPIC_MESSAGES,
    OPENAI_CHAT,
    OPENAI_COMPLETIONS,
    OPENAI_EMBEDDINGS,
    OPENAI_RESPONSES,
)
from tornado_gateway.providers.openai.endpoints import AzureEndpoints, PlainEndpoints

AZURE = "https://x.openai.azure.com"


def test_plain_ones_have_the_model_in_the_body() -> None:
    endpoints = PlainEndpoints("http://a/v1/", [OPENAI_CHAT, OPENAI_RESPONSES])
    assert str(endpoints.url(OPENAI_CHAT, "m")) == "http://a/v1/chat/completions"
    assert str(endpoints.url(OPENAI_RESPONSES, "m")) == "http://a/v1/responses"
    assert endpoints.url(OPENAI_EMBEDDINGS, "m") is None


@pytest.mark.parametrize("base", [AZURE, AZURE + "/", AZURE + "/openai", AZURE + "/openai/v1/"])
@pytest.mark.parametrize(("version", "query"), [(None, ""), ("v1", ""), ("preview", "?api-version=preview")])
def test_azures_v1_api(base: str, version: str | None, query: str) -> None:
    endpoints = AzureEndpoints(base, version)
    assert str(endpoints.url(OPENAI_CHAT, "dep")) == f"{AZURE}/openai/v1/chat/completions{query}"
    assert str(endpoints.url(OPENAI_RESPONSES, "dep")) == f"{AZURE}/openai/v1/responses{query}"
    assert endpoints.url(ANTHROPIC_MESSAGES, "dep") is None
    assert endpoints.takes_stream_options


def test_azures_deployments() -> None:
    endpoints = AzureEndpoints(AZURE, "2024-10-21")
    deployment = f"{AZURE}/openai/deployments/my%2Fdep%20x"
    assert str(endpoints.url(OPENAI_CHAT, "my/dep x")) == f"{deployment}/chat/completions?api-version=2024-10-21"
    assert str(endpoints.url(OPENAI_COMPLETIONS, "a")) == (
        f"{AZURE}/openai/deployments/a/completions?api-version=2024-10-21"
    )
    assert endpoints.url(OPENAI_RESPONSES, "a") is None
    assert endpoints.url(ANTHROPIC_MESSAGES, "a") is None


def test_what_azures_versions_learnt_when() -> None:
    responses = AzureEndpoints(AZURE, "2025-04-01-preview").url(OPENAI_RESPONSES, "a")
    assert str(responses) == f"{AZURE}/openai/responses?api-version=2025-04-01-preview"
    assert not AzureEndpoints(AZURE, "2023-07-01-preview").takes_stream_options
    assert AzureEndpoints(AZURE, "2024-09-01-preview").takes_stream_options
