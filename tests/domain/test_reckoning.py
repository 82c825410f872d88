from base64 import b64encode
from typing import Any

import msgspec

from tests.support import NOW
from tornado_gateway.domain.call import MOST_ANSWERS, MOST_TOKENS, ModelCall
from tornado_gateway.domain.counting import IMAGE_TOKENS
from tornado_gateway.domain.dispatch import DEFAULT_OUTPUT
from tornado_gateway.domain.estimate import estimate_prompt
from tornado_gateway.domain.reckoning import Reckoned, reckon
from tornado_gateway.httpserver.dialects.native import Native
from tornado_gateway.httpserver.dialects.openai_chat import OpenAIChat
from tornado_gateway.httpserver.dialects.openai_embeddings import OpenAIEmbeddings
from tornado_gateway.httpserver.dialects.openai_legacy import OpenAILegacy


def chat(content: Any = "Hello", **members: object) -> ModelCall:
    document = {"model": "gpt-4", "messages": [{"role": "user", "content": content}], **members}
    return OpenAIChat(lambda: NOW).decode_request(msgspec.json.encode(document))


def test_an_answer_without_a_bound_is_guessed() -> None:
    call = chat()
    assert reckon(call) == Reckoned(estimate_prompt(call.wire), DEFAULT_OUTPUT, bounded=False)


def test_the_callers_bound_is_no_guess() -> None:
    assert reckon(chat(max_tokens=7)).output == 7
    assert reckon(chat(max_tokens=7, max_completion_tokens=9)) == Reckoned(10, 9, bounded=True)


def test_a_bound_below_nothing_is_none() -> None:
    # LM Studio and llama.cpp take -1 for "as long as it gets".
    assert reckon(chat(max_tokens=-1)) == Reckoned(10, DEFAULT_OUTPUT, bounded=False)
    assert reckon(chat(max_tokens=-(10**300), n=-5)).output == DEFAULT_OUTPUT


def test_what_is_beyond_all_measure_is_still_a_number_to_reckon_with() -> None:
    assert reckon(chat(max_tokens=10**300, n=10**300)).output == MOST_TOKENS * MOST_ANSWERS


def test_each_of_the_answers_that_are_wanted() -> None:
    assert reckon(chat(max_tokens=7, n=3)).output == 21
    assert reckon(chat(n=2)).output == 2 * DEFAULT_OUTPUT
    assert reckon(chat(n=None, max_tokens=7)).output == 7
    document = {"model": "gpt-4", "prompt": "Hello", "max_tokens": 5, "n": 2, "best_of": 4}
    assert reckon(OpenAILegacy(lambda: NOW).decode_request(msgspec.json.encode(document))).output == 20


def test_each_of_several_prompts_is_answered_for_itself() -> None:
    def legacy(prompt: object, **members: object) -> int:
        document = {"model": "m", "prompt": prompt, "max_tokens": 5, **members}
        return reckon(OpenAILegacy(lambda: NOW).decode_request(msgspec.json.encode(document))).output

    assert legacy(["a", "b", "c"]) == 15
    assert legacy([[1, 2], [3]], n=2) == 20
    assert legacy([1, 2, 3]) == 5
    assert legacy([]) == 5


def test_the_native_form_may_say_it_in_the_younger_word() -> None:
    document = {"model": "m", "messages": [{"role": "user", "content": "x"}], "max_completion_tokens": 9}
    assert reckon(Native(lambda: NOW).decode_request(msgspec.json.encode(document))).output == 9


def test_vectors_have_no_length_of_their_own() -> None:
    document = {"model": "embed", "input": ["x" * 400_000]}
    call = OpenAIEmbeddings().decode_request(msgspec.json.encode(document))
    assert reckon(call) == Reckoned(estimate_prompt(call.wire), 0, bounded=True)


def test_an_image_counts_by_the_piece() -> None:
    url = "data:image/png;base64," + b64encode(b"x" * 300_000).decode()
    call = chat([{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": url}}])
    assert IMAGE_TOKENS < reckon(call).prompt < IMAGE_TOKENS + 50
    assert estimate_prompt(call.wire) > 100_000


def test_a_long_document_that_nobody_understands_counts_by_its_size() -> None:
    call = chat([{"type": "what_is_that", "text": "base64" * 20_000}])
    assert reckon(call).prompt == estimate_prompt(call.wire)


def test_a_long_document_of_words_is_not_opened() -> None:
    call = chat("x" * 100_000)
    assert reckon(call).prompt == estimate_prompt(call.wire)
    assert "chat" not in vars(call)
