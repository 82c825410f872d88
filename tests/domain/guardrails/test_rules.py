import pytest

from tests.guarding import checks, rule
from tornado_gateway.domain.guardrails.rules import Checks, HookRule, RouteGuards, SizeRule, ToolRule


@pytest.mark.parametrize(
    ("allowed", "denied", "tool", "forbidden"),
    [
        (None, ("rm",), "rm", True),
        (None, ("rm",), "ls", False),
        (None, ("file_*",), "file_delete", True),
        (("get_*", "search"), (), "get_weather", False),
        (("get_*", "search"), (), "search", False),
        (("get_*", "search"), (), "searches", True),
        (("get_*",), ("get_secret",), "get_secret", True),
        ((), (), "any", True),
    ],
)
def test_tools(allowed: tuple[str, ...] | None, denied: tuple[str, ...], tool: str, *, forbidden: bool) -> None:
    assert ToolRule("tools", "deny", allowed, denied).forbids(tool) is forbidden


def test_the_rules_of_a_direction_by_their_kinds() -> None:
    kinds = rule("a"), SizeRule("size", "deny", 10), ToolRule("tools", "deny"), HookRule("hook", "http://a")
    made = checks(*kinds)
    assert (*made.matching, *made.sizes, *made.tools, *made.hooks) == kinds
    assert Checks.of([]) is None


def test_whether_a_text_may_be_changed() -> None:
    assert checks(rule("a", "flag"), rule("b")).redacts
    assert not checks(rule("a", "deny"), rule("b", "flag")).redacts


def test_no_secret_of_a_hook_is_shown() -> None:
    hook = HookRule("hook", "https://user:planted@host/planted", headers={"authorization": "planted"})
    assert "planted" not in repr(RouteGuards(checks(hook)))
