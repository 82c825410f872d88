from typing import Any

import pytest

from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.httpserver.dialects.openai_shapes import require_shape

MESSAGE: dict[str, Any] = {"role": "user", "content": "x"}


def test_what_nobody_knows_is_nobodys_business() -> None:
    require_shape({"messages": [{**MESSAGE, "x": [1]}], "x": {}, "tools": None, "stop": 7})


@pytest.mark.parametrize(
    ("members", "path"),
    [
        ({"messages": [MESSAGE, {"role": "user", "content": [{"text": "x"}]}]}, "messages[1].content[0].type"),
        ({"messages": [{"refusal": 1}]}, "messages[0].refusal"),
        ({"messages": [{"function_call": {}}]}, "messages[0].function_call.name"),
        (
            {"messages": [{"tool_calls": [{"id": "1", "function": {"name": "f", "arguments": {}}}]}]},
            "messages[0].tool_calls[0].function.arguments",
        ),
        ({"messages": [{"content": [{"type": "file", "file": "x"}]}]}, "messages[0].content[0].file"),
        ({"messages": [], "tools": [{"function": {"name": 1}}]}, "tools[0].function.name"),
        ({"messages": [], "tool_choice": {"function": "f"}}, "tool_choice.function"),
        ({"messages": [], "response_format": {"type": "x", "json_schema": []}}, "response_format.json_schema"),
        ({"messages": [], "top_k": "x"}, "top_k"),
    ],
)
def test_a_wrong_type_is_named_by_its_path(members: dict[str, Any], path: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        require_shape(members)
    assert refused.value.param == path
    assert refused.value.message.startswith(f"{path}: ")
