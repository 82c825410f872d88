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


def test_a_weight_without_its_strategy(complaints: Complaints) -> None:
    text = PROVIDERS + "  a: {targets: [{provider: echo, weight: 2}]}"
    assert complaints(text) == [
        "f:4:34: warning: routes.a.targets[0].weight: a weight counts under strategy weighted alone"
    ]


def test_a_pattern_of_a_model_needs_one_of_its_route(complaints: Complaints) -> None:
    text = (
        PROVIDERS + "  'x*': {provider: echo, model: 'prod-*-eu'}\n  a: {targets: [{provider: echo, model: 'prod-*'}]}"
    )
    assert complaints(text) == [
        "f:5:41: routes.a.targets[0].model: a * in a model is for a route whose name ends in one: 'a' does not"
    ]
    assert complaints(PROVIDERS + "  'x*': {provider: echo, model: '*-*'}") == [
        "f:4:33: routes.x*.model: at most one * in a model: what the route's stands for takes its place"
    ]


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
