import pytest

from tornado_gateway.domain.errors import ModelNotAllowed
from tornado_gateway.domain.principal import Principal, check_model, may_use


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


def test_anybody_may_name_what_there_is() -> None:
    assert may_use(None, "anything")
    check_model(None, "anything")


def test_who_may_not_is_told_by_the_name_that_was_used() -> None:
    check_model(Principal("a", models=("gpt-*",)), "gpt-4")
    with pytest.raises(ModelNotAllowed, match="'o1'") as refused:
        check_model(Principal("a", models=("gpt-*",)), "o1")
    assert (refused.value.status, refused.value.code, refused.value.param) == (403, "model_not_allowed", "model")
