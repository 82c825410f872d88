import pytest

from tests.support import finished
from tornado_gateway.domain import wire
from tornado_gateway.observability.genai import ErrorTypes, operation, provider_name


@pytest.mark.parametrize(
    ("dialect", "word"),
    [
        (wire.NATIVE, "chat"),
        (wire.OPENAI_RESPONSES, "chat"),
        (wire.ANTHROPIC_MESSAGES, "chat"),
        (wire.OPENAI_COMPLETIONS, "text_completion"),
        (wire.OPENAI_EMBEDDINGS, "embeddings"),
        (wire.ANTHROPIC_COUNT_TOKENS, "count_tokens"),
        ("of tomorrow", "chat"),
    ],
)
def test_operations(dialect: str, word: str) -> None:
    assert operation(dialect) == word


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("openai", "openai"),
        ("gemini", "gcp.gemini"),
        ("azure_openai", "azure.ai.openai"),
        ("xai", "x_ai"),
        ("groq", "groq"),
        ("openai_compatible", "my-vllm"),
        ("", "my-vllm"),
    ],
)
def test_providers(kind: str, name: str) -> None:
    assert provider_name(kind, "my-vllm") == name


def test_a_providers_own_code_is_no_label() -> None:
    errors = ErrorTypes()
    assert errors.of(finished()) is None
    assert errors.of(finished(error="upstream_timeout", status=504)) == "upstream_timeout"
    assert errors.of(finished(error="anything-a-provider-says", status=400)) == "upstream_rejected"
