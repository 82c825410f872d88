from tests.support import call
from tornado_gateway.domain.estimate import estimate_prompt, estimate_tokens


def test_four_bytes_a_token_rounded_up() -> None:
    assert [estimate_tokens(size) for size in (0, 1, 4, 5, 8)] == [0, 1, 1, 2, 2]


def test_a_prompt_is_estimated_unopened_and_without_its_model() -> None:
    short, long = estimate_prompt(call().wire), estimate_prompt(call("a-very-long-name-of-a-model-indeed").wire)
    assert short == long > 0
