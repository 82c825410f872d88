from typing import Any

import pytest

from tornado_gateway.domain.chat import CacheMarker, Tool, ToolChoice
from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.httpserver.dialects.openai_tools import cache_marker, offered_tools, tool_choice


def function(name: str) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name}}


CUSTOM = {"type": "custom", "custom": {"name": "patch", "format": {"type": "text"}}}


def test_tools_of_both_kinds() -> None:
    marked = {**function("f"), "cache_control": {"type": "ephemeral", "ttl": "1h"}}
    assert offered_tools({"tools": [marked, CUSTOM]}) == (
        Tool("f", cache=CacheMarker("1h")),
        Tool("patch", custom=True, custom_format={"type": "text"}),
    )
    assert offered_tools({}) == ()
    assert cache_marker({"cache_control": 1}) is None


@pytest.mark.parametrize("mode", ["auto", "required"])
def test_a_choice_among_some_leaves_the_others_out(mode: str) -> None:
    choice = {"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": [function("g"), CUSTOM]}}
    document = {"tools": [function("f"), function("g"), CUSTOM], "tool_choice": choice}
    assert [tool.name for tool in offered_tools(document)] == ["g", "patch"]
    assert tool_choice(choice) == ToolChoice(mode=mode)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("choice", "wanted"),
    [
        (None, None),
        ("none", ToolChoice("none")),
        ("any", ToolChoice("required")),
        (function("f"), ToolChoice("named", "f")),
        (CUSTOM, ToolChoice("named", "patch")),
    ],
)
def test_choices(choice: Any, wanted: ToolChoice | None) -> None:
    assert tool_choice(choice) == wanted


@pytest.mark.parametrize("choice", ["maybe", {"type": "function"}, {"type": "function", "function": {"name": 1}}])
def test_no_choice(choice: Any) -> None:
    with pytest.raises(InvalidRequest, match=r"^tool_choice: "):
        tool_choice(choice)


@pytest.mark.parametrize("tool", [{"type": "hosted"}, {"type": "function"}, {"type": "custom", "custom": 1}, 7])
def test_no_tool(tool: Any) -> None:
    with pytest.raises(InvalidRequest) as refused:
        offered_tools({"tools": [tool]})
    assert str(refused.value.param).startswith("tools[0]")
