"""Errors stand in ``broken/``; here is what all the crosschecks together let pass."""

from collections.abc import Callable

import pytest

Complaints = Callable[[str], list[str]]

GOOD = """\
providers:
  echo: {kind: echo}
  openai: {kind: openai}
routes:
  echo4: {provider: echo}
  "gpt-*": {provider: openai}
  small: {provider: openai, model: gpt-4o-mini-2024, fallbacks: [gpt-4o-x, echo4]}
pricing:
  models:
    echo/echo4: {free: true}
    openai/gpt-4o-*: {input: 0.1, output: 0.1}
"""


def test_a_good_document_draws_no_word(complaints: Complaints) -> None:
    assert complaints(GOOD) == []


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "providers: []\nroutes: 1\npricing: x",
        "routes: {a: [], b: {targets: [1]}, c: {provider: 1}, d: {fallbacks: [1]}}\nproviders: 1",
        "cors: {allowed_origins: [1, '']}\nserver: {workers: x}",
        "pricing: {models: {a/b: 1}}\nproviders: {a: 1}\nroutes: {b: {targets: [{provider: a, model: 1}]}}",
    ],
)
def test_a_document_of_the_wrong_shape_is_left_to_the_schema(complaints: Complaints, text: str) -> None:
    assert [line for line in complaints(text) if "warning" not in line and "a route needs" not in line] == []
