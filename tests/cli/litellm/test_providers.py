from tornado_gateway.cli.litellm.deployments import deployments
from tornado_gateway.cli.litellm.providers import name_providers

from .conftest import Opened


def test_one_address_and_key_is_one_provider() -> None:
    file = Opened(
        """\
model_list:
  - {model_name: a, litellm_params: {model: openai/a}}
  - {model_name: b, litellm_params: {model: openai/b}}
  - {model_name: c, litellm_params: {model: openai/c, api_key: os.environ/OTHER}}
  - {model_name: d, litellm_params: {model: openai/d, timeout: 5}}
"""
    )
    entries, named = name_providers(deployments(file.part.parts("model_list"), {}))
    assert list(entries) == ["openai", "openai-2", "openai-3"]
    assert [each.provider for each in named] == ["openai", "openai", "openai-2", "openai-3"]
    assert entries["openai-2"]["api_key"] == "${OTHER:-}"


def test_each_key_of_the_file_becomes_a_variable_of_its_own() -> None:
    file = Opened(
        """\
model_list:
  - {model_name: z, litellm_params: {model: openai/z}}
  - {model_name: a, litellm_params: {model: azure/a, api_key: one-planted}}
  - {model_name: b, litellm_params: {model: azure/b, api_key: two-planted}}
  - {model_name: c, litellm_params: {model: azure/c, api_key: one-planted}}
"""
    )
    entries, named = name_providers(deployments(file.part.parts("model_list"), {}))
    assert [each.provider for each in named] == ["openai", "azure", "azure-2", "azure"]
    assert entries["azure"]["api_key"] == "${AZURE_API_KEY:-}"
    assert entries["azure-2"]["api_key"] == "${AZURE_2_API_KEY:-}"
    assert [said.rsplit(": ", 1)[1] for said in file.said] == ["set AZURE_API_KEY", "set AZURE_2_API_KEY"]
    assert "planted" not in f"{entries}{file.said}"


def test_a_variable_that_stands_for_another_key_is_not_taken() -> None:
    file = Opened(
        """\
model_list:
  - {model_name: a, litellm_params: {model: groq/a, api_key: os.environ/OPENAI_API_KEY}}
  - {model_name: b, litellm_params: {model: openai/b, api_key: sk-planted}}
"""
    )
    entries, _ = name_providers(deployments(file.part.parts("model_list"), {}))
    assert entries["openai"]["api_key"] == "${OPENAI_API_KEY_2:-}"
