from collections.abc import Callable
from decimal import Decimal

from tornado_gateway.config.build import build_prices, load
from tornado_gateway.config.schema import load_schema, packaged_default
from tornado_gateway.domain.money import PriceCard
from tornado_gateway.domain.pricing import price
from tornado_gateway.domain.usage import TokenUsage

Complaints = Callable[[str], list[str]]

HEAD = "providers: {openai: {kind: openai}}\nroutes:\n"


def test_a_pattern_prices_models_and_a_pattern_waits_for_its_callers(complaints: Complaints) -> None:
    text = HEAD + (
        "  a: {provider: openai, model: gpt-4o-mini}\n  'gpt-*': {provider: openai}\n"
        "pricing: {models: {'openai/gpt-4o-*': {free: true}, openai/gpt-9: {free: true}, 'openai/g*': {free: true}}}"
    )
    assert complaints(text) == []


def test_unpriced_models_may_be_allowed(complaints: Complaints) -> None:
    text = HEAD + "  a: {provider: openai}\npricing: {models: {}}"
    assert len(complaints(text)) == 1
    assert complaints(text.replace("{models", "{allow_unpriced: true, models")) == []


def test_a_model_that_a_fallback_names_needs_its_price_too(complaints: Complaints) -> None:
    text = HEAD + (
        "  a: {provider: openai, model: m, fallbacks: [a-9]}\n  'a-*': {provider: openai}\n"
        "pricing: {models: {openai/m: {free: true}}}"
    )
    (line,) = complaints(text)
    assert line.startswith("f:3:47: routes.a.fallbacks[0]: 'openai/a-9' has no price under pricing.models")


def test_a_model_that_is_handed_down_needs_its_price_too(complaints: Complaints) -> None:
    text = HEAD + (
        "  a: {provider: openai, model: m, fallbacks: ['b-*']}\n  'b-*': {provider: openai}\n"
        "pricing: {models: {openai/m: {free: true}}}"
    )
    (line,) = complaints(text)
    assert line.startswith("f:3:46: routes.a.fallbacks: 'openai/a' has no price")


def test_the_same_unpriced_target_is_said_once(complaints: Complaints) -> None:
    text = HEAD + (
        "  a: {provider: openai, fallbacks: [c]}\n  b: {provider: openai, fallbacks: [c]}\n  c: {provider: openai}\n"
        "pricing: {models: {openai/a: {free: true}, openai/b: {free: true}}}"
    )
    assert [line.split(":")[1] for line in complaints(text)] == ["5"]


def test_a_row_that_nothing_reaches_is_odd(complaints: Complaints) -> None:
    text = HEAD + (
        "  a: {provider: openai}\npricing:\n  models:\n    openai/a: {free: true}\n    openai/b: {free: true}\n"
    )
    assert complaints(text) == ["f:7:5: warning: pricing.models.openai/b: no route leads to this price"]


def test_free_must_be_true_to_stand_for_a_price(complaints: Complaints) -> None:
    text = HEAD + "  a: {provider: openai}\npricing: {models: {openai/a: {free: false}}}"
    assert [line.rsplit(": ", 2)[1] for line in complaints(text)] == [
        "the price of 'input' is missing (or say free",
        "the price of 'output' is missing (or say free",
    ]


def test_a_misspelt_key_is_left_to_the_schema(complaints: Complaints) -> None:
    text = HEAD + "  a: {provider: openai}\npricing: {models: {openai/a: {fre: true}}}"
    assert complaints(text) == []


def test_no_price_that_is_let_in_can_make_exact_arithmetic_raise() -> None:
    bound = load_schema()["$defs"]["price"]["properties"]["input"]["maximum"]
    dear, cheap = Decimal(bound), Decimal("0." + "9" * 24)
    usage = TokenUsage(*([10**15 + 1] * 8))
    for card in (PriceCard("a/b", dear - cheap, cheap), PriceCard("a/b", cheap, dear)):
        assert price(usage, card).amount > 0


def test_a_zero_with_a_giant_exponent_is_refused(complaints: Complaints) -> None:
    text = HEAD + "  a: {provider: openai}\npricing: {models: {openai/a: {input: 0e999999, output: 0}}}"
    assert len(complaints(text)) == 1


def test_the_default_file_prices_what_it_serves() -> None:
    loaded = load(packaged_default(), {})
    rows = {card.model for card in build_prices(loaded.settings)}
    assert rows == {
        f"{each.provider}/{each.model or route.name}" for route in loaded.settings.routes for each in route.targets
    }
    # Of a file that is shipped nothing is odd but the calendar.
    assert {problem.path[-1] for problem in loaded.warnings} <= {"valid_until", "review_by"}


PROVIDERS_OF_PATTERNS = """\
providers: {openai: {kind: openai}}
pricing: {models: {openai/m: {free: true}, openai/prod-4: {free: true}}}
routes:
  "gpt-*": {provider: openai, model: "prod-*"}
"""


def test_a_pattern_of_a_model_is_priced_as_the_provider_names_it(complaints: Complaints) -> None:
    text = PROVIDERS_OF_PATTERNS + "  a: {provider: openai, model: m, fallbacks: [gpt-9]}\n"
    (line,) = complaints(text)
    assert line.startswith("f:5:47: routes.a.fallbacks[0]: 'openai/prod-9' has no price under pricing.models")


def test_a_copy_has_a_price_too(complaints: Complaints) -> None:
    text = PROVIDERS_OF_PATTERNS + "  a: {provider: openai, model: m, mirror: {route: gpt-9, percent: 5}}\n"
    (line,) = complaints(text)
    assert line.startswith("f:5:51: routes.a.mirror.route: 'openai/prod-9' has no price under pricing.models")
    assert complaints(text.replace("gpt-9", "gpt-4")) == []
