import pytest

from tornado_gateway.providers.anthropic.models import default_max_tokens, version


@pytest.mark.parametrize(
    ("model", "known"),
    [
        ("claude-3-haiku-20240307", (3, 0)),
        ("claude-3-5-sonnet-20241022", (3, 5)),
        ("claude-3-7-sonnet-latest", (3, 7)),
        ("claude-2.1", (2, 1)),
        ("claude-sonnet-4-20250514", (4, 0)),
        ("claude-haiku-4-5-20251001", (4, 5)),
        ("anthropic.claude-haiku-4-5-20251001-v1:0", (4, 5)),
        ("claude-opus-4-6", (4, 6)),
        ("claude-sonnet-5", (5, 0)),
        ("something-else", (99, 0)),
    ],
)
def test_a_model_s_version_is_in_its_name(model: str, known: tuple[int, int]) -> None:
    assert version(model) == known


def test_the_default_limit_is_one_that_the_model_takes() -> None:
    assert default_max_tokens("claude-3-haiku-20240307") == 4096
    assert default_max_tokens("claude-3-5-haiku-latest") == 8192
    assert default_max_tokens("claude-sonnet-4-5") == 16384
