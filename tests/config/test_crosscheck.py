"""Errors stand in ``broken/``; here is what is allowed, and what is only odd."""

from tornado_gateway.config.crosscheck import crosscheck
from tornado_gateway.config.source import read

GOOD = """\
providers:
  echo: {kind: echo}
  openai: {kind: openai}
routes:
  echo4: {provider: echo}
  "gpt-*": {provider: openai}
  small: {provider: openai, model: gpt-4o-mini-2024, fallbacks: [gpt-9, echo4]}
pricing:
  models:
    echo/echo4: {free: true}
    openai/gpt-4o-*: {input: 1, output: 1}
"""


def complaints(text: str) -> list[str]:
    return [str(problem) for problem in crosscheck(read(text, "f", {}))]


def test_patterns_price_models_and_serve_fallbacks() -> None:
    assert complaints(GOOD) == []


def test_unpriced_models_may_be_allowed() -> None:
    text = GOOD.replace("pricing:", "pricing:\n  allow_unpriced: true").replace("gpt-4o-*", "other-*")
    assert complaints(text) == []
    assert any("no price" in line for line in complaints(GOOD.replace("gpt-4o-*", "other-*")))


def test_an_unused_provider_and_names_alike_are_warnings() -> None:
    found = complaints(
        GOOD.replace("routes:", "  idle: {kind: echo}\nroutes:\n  Echo4: {provider: echo, model: echo4}")
    )
    assert [line.split(": ", 2)[1] for line in found] == ["warning", "warning"]
    assert "routes.echo4: differs from route 'Echo4' only by case" in found[0]
    assert "no route uses this provider" in found[1]


def test_kinds_that_need_a_place_to_go() -> None:
    text = (
        "providers: {a: {kind: azure_openai}, b: {kind: openai_compatible}, c: {kind: openai_compatible, vendor: groq}}"
    )
    found = [line for line in complaints(text) if "warning" not in line]
    assert ["needs a base_url" in line for line in found] == [True, True]


def test_a_document_of_the_wrong_shape_is_left_to_the_schema() -> None:
    for text in ("[]", "providers: []\nroutes: 1\npricing: x", "routes: {a: [], b: {targets: [1]}}\nproviders: 1"):
        assert complaints(text) == []
