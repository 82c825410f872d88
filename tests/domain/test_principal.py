import pytest

from tornado_gateway.domain.principal import Principal


@pytest.mark.parametrize(
    ("models", "model", "allowed"),
    [
        (None, "anything", True),
        ((), "anything", False),
        (("gpt-4",), "gpt-4", True),
        (("gpt-4",), "gpt-4o", False),
        (("echo4", "gpt-*"), "gpt-4o", True),
        (("*",), "anything", True),
    ],
)
def test_whom_a_key_may_name(models: tuple[str, ...] | None, model: str, allowed: bool) -> None:
    assert Principal("a", models=models).may_use(model) is allowed
