import pytest

from tornado_gateway.domain.chat import ToolCall
from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.providers.tool_arguments import arguments_of


def call(arguments: str) -> ToolCall:
    return ToolCall(id="c1", name="f", arguments=arguments)


@pytest.mark.parametrize(("arguments", "meant"), [('{"a": [1]}', {"a": [1]}), ("", {}), (" \n", {})])
def test_an_object_or_nothing(arguments: str, meant: dict[str, object]) -> None:
    assert arguments_of(call(arguments), "messages[1]") == meant


@pytest.mark.parametrize(
    ("arguments", "what"),
    [("{", "are not valid JSON"), ("[" * 5000, "are not valid JSON"), ("[1]", "are no JSON object")],
)
def test_what_is_none_is_refused_by_place_and_call(arguments: str, what: str) -> None:
    with pytest.raises(InvalidRequest, match=r"messages\[1\]: the arguments of call 'c1' " + what) as refused:
        arguments_of(call(arguments), "messages[1]")
    assert refused.value.param == "messages[1]"
