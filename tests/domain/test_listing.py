import pytest

from tornado_gateway.domain.listing import usable
from tornado_gateway.domain.principal import Principal
from tornado_gateway.domain.routes import Route, RouteTable, RouteTarget

TABLE = RouteTable(Route(name, (RouteTarget("openai"),)) for name in ("echo4", "gpt-4", "gpt-*", "claude-*"))


def names(models: tuple[str, ...] | None) -> list[tuple[str, str]]:
    return [(name, route.name) for name, route in usable(TABLE, Principal("a", models=models))]


def test_who_may_use_all_sees_all() -> None:
    everything = [(route.name, route.name) for route in TABLE]
    assert list(usable(TABLE, None)) == [(route.name, route) for route in TABLE]
    assert names(None) == names(("*",)) == everything


@pytest.mark.parametrize(
    ("models", "seen"),
    [
        ((), []),
        (("nothing", "no-*"), []),
        (("echo4",), [("echo4", "echo4")]),
        (("gpt-*",), [("gpt-4", "gpt-4"), ("gpt-*", "gpt-*")]),
        (("g*",), [("gpt-4", "gpt-4"), ("gpt-*", "gpt-*")]),
        (("gpt-4o-mini", "gpt-4o-mini"), [("gpt-4o-mini", "gpt-*")]),
        (("gpt-4o*", "claude-3"), [("gpt-4o*", "gpt-*"), ("claude-3", "claude-*")]),
        (("gpt-4*",), [("gpt-4", "gpt-4"), ("gpt-4*", "gpt-*")]),
        (("gpt-*", "gpt-4o"), [("gpt-4", "gpt-4"), ("gpt-*", "gpt-*")]),
    ],
)
def test_a_key_for_some_sees_those(models: tuple[str, ...], seen: list[tuple[str, str]]) -> None:
    assert names(models) == seen
