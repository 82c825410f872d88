from collections.abc import Callable

Complaints = Callable[[str], list[str]]

PROVIDERS = "providers: {echo: {kind: echo}}\npricing: {models: {'echo/*': {free: true}}}\nroutes:\n"


def test_what_routes_may_say(complaints: Complaints) -> None:
    text = (
        PROVIDERS
        + """\
  echo4: {provider: echo}
  fast: {strategy: weighted, targets: [{provider: echo, model: a, weight: 2}, {provider: echo}], fallbacks: [echo4, x1]}
  "x*": {provider: echo, fallbacks: [echo4]}
"""
    )
    assert complaints(text) == []


def test_a_target_named_once_by_its_route_and_once_by_itself_is_there_twice(complaints: Complaints) -> None:
    text = PROVIDERS + "  a: {targets: [{provider: echo}, {provider: echo, model: a}]}"
    assert complaints(text) == ["f:4:35: routes.a.targets[1]: the same target twice: raise its weight instead"]


def test_a_weight_without_its_strategy_and_a_fallback_twice(complaints: Complaints) -> None:
    text = PROVIDERS + "  a: {targets: [{provider: echo, weight: 2}], fallbacks: [b, b]}\n  b: {provider: echo}"
    assert complaints(text) == [
        "f:4:34: warning: routes.a.targets[0].weight: a weight counts under strategy weighted alone",
        "f:4:62: routes.a.fallbacks[1]: the fallback 'b' twice: it is tried once",
    ]


def test_a_circle_through_a_pattern(complaints: Complaints) -> None:
    text = PROVIDERS + "  a: {provider: echo, fallbacks: [x1]}\n  'x*': {provider: echo, fallbacks: [a]}"
    assert complaints(text) == ["f:5:38: routes.x*.fallbacks[0]: fallbacks make a circle: a -> x* -> a"]


def test_a_chain_longer_than_the_stack_is_no_circle(complaints: Complaints) -> None:
    rows = "".join(f"  r{i}: {{provider: echo, fallbacks: [r{i + 1}]}}\n" for i in range(1500))
    assert complaints(PROVIDERS + rows + "  r1500: {provider: echo}") == []


def test_two_ways_to_one_fallback_are_no_circle(complaints: Complaints) -> None:
    text = PROVIDERS + (
        "  a: {provider: echo, fallbacks: [b, c]}\n  b: {provider: echo, fallbacks: [d]}\n"
        "  c: {provider: echo, fallbacks: [d]}\n  d: {provider: echo}"
    )
    assert complaints(text) == []


def test_an_alias_that_shadows_a_model_is_odd(complaints: Complaints) -> None:
    text = """\
providers: {openai: {kind: openai}}
pricing: {models: {openai/gpt-4: {free: true}, openai/small: {free: true}}}
routes:
  gpt-4: {provider: openai, model: small}
  large: {provider: openai, model: gpt-4}
"""
    assert complaints(text) == [
        "f:4:3: warning: routes.gpt-4: shadows openai's own model of that name: who asks for 'gpt-4' gets 'small'"
    ]


def test_names_alike_are_odd(complaints: Complaints) -> None:
    text = PROVIDERS + "  Echo4: {provider: echo}\n  echo4: {provider: echo}"
    assert complaints(text) == ["f:5:3: warning: routes.echo4: differs from route 'Echo4' only by case"]
