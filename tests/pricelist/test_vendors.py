import re

import pytest

from tornado_gateway.config.schema import load_schema
from tornado_gateway.pricelist.catalog import open_catalog
from tornado_gateway.pricelist.vendors import list_name

ADDRESSES = {
    "groq": r"https://api\.groq\.com",
    "openai": r"https://api\.openai\.com",
    "z": r"https://z\.example(?:/|$)",
}


@pytest.mark.parametrize(
    ("kind", "vendor", "base_url", "name"),
    [
        ("openai", None, None, "openai"),
        ("anthropic", None, None, "anthropic"),
        ("gemini", None, None, "google"),
        ("azure_openai", None, "https://mine.example", "azure"),
        ("openai_compatible", "xai", None, "x-ai"),
        ("openai_compatible", "groq", "https://a-proxy.example/v1", "groq"),
        ("openai_compatible", None, "https://api.groq.com/openai/v1", "groq"),
        ("openai_compatible", None, "https://z.example", "z"),
        # An address goes before a kind: this is no OpenAI.
        ("openai", None, "https://api.groq.com/openai/v1", "groq"),
        ("openai", None, "http://127.0.0.1:4000/v1", "openai"),
        ("openai_compatible", None, "http://127.0.0.1:4000/v1", None),
        ("openai_compatible", "ollama", None, None),
        ("echo", None, None, None),
    ],
)
def test_told_by_address_vendor_and_kind(kind: str, vendor: str | None, base_url: str | None, name: str | None) -> None:
    assert list_name(kind, vendor, base_url, ADDRESSES) == name


def test_whatever_the_file_may_name_is_on_the_list_or_has_no_public_prices() -> None:
    """A vendor that is new in the schema belongs into one of the two."""
    provider = load_schema()["$defs"]["provider"]["properties"]
    catalog = open_catalog()
    nowhere = {
        (kind, vendor)
        for kind in provider["kind"]["enum"]
        for vendor in (provider["vendor"]["enum"] if kind == "openai_compatible" else [None])
        if catalog.behind(kind, vendor, None) is None
    }
    own = {("openai_compatible", name) for name in ("ollama", "vllm", "lmstudio", "huggingface")}
    assert nowhere == {("echo", None), *own}


def test_the_shipped_addresses_are_the_lists() -> None:
    catalog = open_catalog()
    for name, url in {
        "anthropic": "https://api.anthropic.com",
        "google": "https://generativelanguage.googleapis.com",
    }.items():
        found = catalog.behind("openai_compatible", None, url)
        assert found is not None
        assert found.id == name
        assert re.match(found.api_pattern, url)
