import pytest

from tornado_gateway.cli.litellm.vendors import VENDORS, vendor_of
from tornado_gateway.config.kinds import KINDS
from tornado_gateway.providers.compatible import VENDORS as COMPATIBLE


def test_every_row_is_a_kind_and_a_vendor_that_there_is() -> None:
    for vendor in VENDORS.values():
        assert vendor.kind in KINDS
        assert vendor.vendor is None or vendor.vendor in COMPATIBLE


@pytest.mark.parametrize(
    ("model", "custom", "label", "name"),
    [
        ("openai/gpt-4o", None, "openai", "gpt-4o"),
        ("gpt-4o", None, "openai", "gpt-4o"),
        ("o3-mini", None, "openai", "o3-mini"),
        ("claude-sonnet-5-5", None, "anthropic", "claude-sonnet-5-5"),
        ("groq/openai/gpt-oss-20b", None, "groq", "openai/gpt-oss-20b"),
        ("together_ai/meta-llama/Llama-3", None, "together", "meta-llama/Llama-3"),
        ("ollama_chat/llama3.3", None, "ollama", "llama3.3"),
        ("meta-llama/Llama-3", "hosted_vllm", "vllm", "meta-llama/Llama-3"),
        ("azure/eu", "azure", "azure", "eu"),
    ],
)
def test_who_is_meant(model: str, custom: str | None, label: str, name: str) -> None:
    vendor, called, _ = vendor_of(model, custom)
    assert vendor is not None
    assert (vendor.label, called) == (label, name)


@pytest.mark.parametrize(
    ("model", "custom", "called"),
    [("bedrock/claude", None, "bedrock"), ("command-r", None, "command-r"), ("x", "sagemaker", "sagemaker")],
)
def test_who_is_not_known_is_named(model: str, custom: str | None, called: str) -> None:
    vendor, _, name = vendor_of(model, custom)
    assert vendor is None
    assert name == called
