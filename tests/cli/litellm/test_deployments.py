from typing import Any

import pytest

from tornado_gateway.cli.litellm.deployments import Deployment, deployments

from .conftest import Opened


def only(params: str, more: str = "", **defaults: Any) -> tuple[Deployment | None, list[str]]:
    """The deployment of one entry, and what is said of it."""
    file = Opened(f"model_list:\n  - {{model_name: m, litellm_params: {{{params}}}{more}}}\n")
    found = list(deployments(file.part.parts("model_list"), defaults))
    return (found[0] if found else None), [said.partition(": ")[2] for said in file.said]


def provider(params: str, **defaults: Any) -> dict[str, Any]:
    found, _ = only(params, **defaults)
    assert found is not None
    return dict(found.provider)


@pytest.mark.parametrize(
    ("params", "entry"),
    [
        ("model: openai/a", {"kind": "openai", "api_key": "${OPENAI_API_KEY:-}"}),
        (
            "model: openai/a, api_key: os.environ/K, api_base: os.environ/B",
            {"kind": "openai", "base_url": "${B}", "api_key": "${K:-}"},
        ),
        (
            "model: openai/a, api_base: 'https://eu.api.openai.com/v1/'",
            {"kind": "openai", "base_url": "https://eu.api.openai.com/v1", "api_key": "${OPENAI_API_KEY:-}"},
        ),
        (
            "model: openai/a, api_base: 'https://openai.com.evil.example/v1/chat/completions'",
            {
                "kind": "openai_compatible",
                "base_url": "https://openai.com.evil.example/v1",
                "api_key": "${OPENAI_API_KEY:-}",
            },
        ),
        (
            "model: azure/a, api_version: '2025-01-01'",
            {
                "kind": "azure_openai",
                "base_url": "${AZURE_API_BASE}",
                "api_key": "${AZURE_API_KEY:-}",
                "api_version": "2025-01-01",
            },
        ),
        (
            "model: anthropic/a, api_base: 'https://proxy.example/v1/messages'",
            {"kind": "anthropic", "base_url": "https://proxy.example", "api_key": "${ANTHROPIC_API_KEY:-}"},
        ),
        (
            "model: ollama/a, api_base: 'http://gpu:11434'",
            {"kind": "openai_compatible", "vendor": "ollama", "base_url": "http://gpu:11434/v1"},
        ),
        (
            "model: ollama/a, api_base: os.environ/OLLAMA",
            {"kind": "openai_compatible", "vendor": "ollama", "base_url": "${OLLAMA}/v1"},
        ),
        (
            "model: hosted_vllm/a, timeout: 9, stream_timeout: 3, num_retries: 1, max_parallel_requests: 4",
            {
                "kind": "openai_compatible",
                "vendor": "vllm",
                "timeout": 9,
                "timeouts": {"first_token": 3, "idle": 3},
                "max_retries": 1,
                "max_concurrency": 4,
            },
        ),
    ],
)
def test_a_provider_is_what_the_parameters_say(params: str, entry: dict[str, Any]) -> None:
    assert provider(params) == entry


def test_defaults_give_way_to_what_a_deployment_says() -> None:
    assert provider("model: hosted_vllm/a, timeout: 9", timeout=30, max_retries=2) == {
        "kind": "openai_compatible",
        "vendor": "vllm",
        "timeout": 9,
        "max_retries": 2,
    }


def test_a_number_is_no_word() -> None:
    odd = "model: hosted_vllm/a, timeout: soon, num_retries: true, max_parallel_requests: true, stream_timeout: -1"
    assert provider(odd) == {"kind": "openai_compatible", "vendor": "vllm"}


def test_a_key_in_the_file_is_kept_apart_and_shown_nowhere() -> None:
    found, said = only("model: openai/a, api_key: sk-planted")
    assert found is not None
    assert found.secret == "sk-planted"
    assert "sk-planted" not in f"{found!r}{said}"
    assert found.provider["api_key"] == ""


def test_who_serves_nothing_here_is_left_out_with_a_word() -> None:
    assert only("model: bedrock/a") == (
        None,
        ["model_list[0].litellm_params.model: no kind of provider here is 'bedrock': left out"],
    )
    where = "model_list[0].litellm_params.model"
    assert only("model: dall-e-3") == (None, [f"{where}: no prefix says who serves 'dall-e-3': left out"])
    assert only("model: azure/") == (None, [f"{where}: names no model: left out"])
    assert only("api_key: k")[0] is None
    assert only("model: 'openai/*'") == (
        None,
        ["model_list[0].litellm_params.model: a * here is for a model_name that ends in one: left out"],
    )


@pytest.mark.parametrize("name", ["'a b'", "''", "'fo::*:static::*'"])
def test_a_name_that_no_route_can_have_is_left_out(name: str) -> None:
    file = Opened(f"model_list: [{{model_name: {name}, litellm_params: {{model: openai/a}}}}]")
    assert list(deployments(file.part.parts("model_list"), {})) == []
    assert "left out" in file.said[0]


def test_what_has_no_counterpart_is_told_of() -> None:
    _, said = only("model: openai/a, temperature: 0.5, api_version: x", ", model_info: {id: i, supports_vision: true}")
    assert said == [
        "model_list[0].litellm_params.api_version: has no counterpart",
        "model_list[0].litellm_params.temperature: has no counterpart",
        "model_list[0].model_info.supports_vision: has no counterpart",
    ]


def test_weight_order_and_the_name_in_price_lists() -> None:
    found, _ = only("model: azure/eu, rpm: 6, tpm: 100, order: 2", ", model_info: {base_model: azure/gpt-4o}")
    assert found is not None
    assert (found.weight, found.order, found.priced_as) == (6, 2, "gpt-4o")
    plain, _ = only("model: openai/a")
    assert plain is not None
    assert (plain.weight, plain.order, plain.priced_as) == (None, None, "a")
