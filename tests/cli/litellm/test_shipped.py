from typing import Any

import pytest

from tornado_gateway.cli.litellm.shipped import shipped_rows

SHIPPED = {
    "providers": {
        "openai": {"kind": "openai", "base_url": "https://api.openai.com/v1"},
        "groq": {"kind": "openai_compatible", "vendor": "groq"},
        "xai": {"kind": "openai_compatible", "vendor": "xai"},
    },
    "pricing": {"models": {"openai/a-1": {"input": 1}, "openai/b": {}, "groq/a/b": [{}, {}], "xai/a": {}}},
}


@pytest.mark.parametrize(
    ("provider", "pattern", "rows"),
    [
        ({"kind": "openai", "timeout": 5}, "*", {"a-1": {"input": 1}, "b": {}}),
        ({"kind": "openai"}, "a-*", {"a-1": {"input": 1}}),
        ({"kind": "openai_compatible", "vendor": "groq"}, "*", {"a/b": [{}, {}]}),
        ({"kind": "openai_compatible"}, "*", {}),
        ({"kind": "anthropic"}, "*", {}),
        ({"kind": "openai", "base_url": "https://api.openai.com/v1"}, "b*", {"b": {}}),
        ({"kind": "openai", "base_url": "https://models.internal/v1"}, "*", {}),
    ],
)
def test_the_rows_of_the_same_provider_that_fit(provider: Any, pattern: str, rows: Any) -> None:
    assert dict(shipped_rows(SHIPPED, provider, pattern)) == rows
