import msgspec

from tests.support import call
from tornado_gateway.domain.estimate import estimate_prompt, estimate_tokens, said_in


def test_four_bytes_a_token_rounded_up() -> None:
    assert [estimate_tokens(size) for size in (0, 1, 4, 5, 8)] == [0, 1, 1, 2, 2]


def test_a_prompt_is_estimated_unopened_and_without_its_model() -> None:
    short, long = estimate_prompt(call().wire), estimate_prompt(call("a-very-long-name-of-a-model-indeed").wire)
    assert short == long > 0


def test_of_an_answer_what_was_said_counts_and_not_what_is_said_of_it() -> None:
    choices = msgspec.json.encode(
        [
            {
                "index": 0,
                "finish_reason": "stop",
                "logprobs": {"content": [{"token": "hé", "logprob": -0.1, "text": "hé"}]},
                "message": {"role": "assistant", "content": "hé", "tool_calls": [{"function": {"arguments": "{}"}}]},
            },
            {"text": "abc"},
        ]
    )
    assert said_in(msgspec.Raw(choices)) == 3 + 2 + 3
    output = [{"type": "message", "id": "m", "content": [{"type": "output_text", "text": "hello"}]}]
    assert said_in(msgspec.Raw(msgspec.json.encode(output))) == 5
