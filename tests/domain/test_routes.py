from tornado_gateway.domain.routes import Route, RouteTable, RouteTarget


def test_an_exact_name_wins_then_the_longest_pattern() -> None:
    names = ["gpt-*", "gpt-4*", "gpt-4", "*"]
    table = RouteTable(Route(name, (RouteTarget("a"),)) for name in names)
    matched = {model: route.name for model in ("gpt-4", "gpt-4o", "gpt-3", "x") if (route := table.match(model))}
    assert matched == {"gpt-4": "gpt-4", "gpt-4o": "gpt-4*", "gpt-3": "gpt-*", "x": "*"}
    assert [route.name for route in table] == names
    assert len(table) == 4


def test_a_pattern_is_no_name_of_a_model() -> None:
    table = RouteTable([Route("gpt-*", (RouteTarget("a"),))])
    assert table.get("gpt-*") is not None
    assert table.get("gpt-4") is None
    assert table.match("claude") is None
    route = table.match("gpt-*")
    assert route is not None  # whoever asks for the pattern's own text asks for a model of that name
    assert route.wildcard
