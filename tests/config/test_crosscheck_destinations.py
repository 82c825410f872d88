from collections.abc import Callable

import pytest

Complaints = Callable[[str], list[str]]


def said(found: list[str]) -> list[str]:
    return [line for line in found if "link-local" in line]


@pytest.mark.parametrize(
    "host", ["169.254.169.254", "[fd00:ec2::254]:80", "metadata.google.internal", "2852039166", "u:pw@169.254.1.1"]
)
def test_metadata_is_no_provider_unless_it_is_written_out(complaints: Complaints, host: str) -> None:
    provider = f"kind: openai, base_url: 'http://{host}/v1'"
    (line,) = said(complaints(f"providers: {{a: {{{provider}}}}}"))
    assert line.startswith("f:1:41: providers.a.base_url: is a link-local address")
    assert "pw" not in line
    assert said(complaints(f"providers: {{a: {{{provider}, allow_internal: true}}}}")) == []
    assert said(complaints(f"providers: {{a: {{kind: openai, endpoints: [{{base_url: 'http://{host}/v1'}}]}}}}"))


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:11434/v1", "http://vllm:8000/v1", "http://10.0.0.7/v1", "http://[", "3"]
)
def test_models_of_ones_own_house_need_no_leave(complaints: Complaints, url: str) -> None:
    assert said(complaints(f"providers: {{a: {{kind: openai, base_url: '{url}'}}}}")) == []
    assert said(complaints("providers: {a: {kind: openai, base_url: 3}}")) == []
