import pytest

from tornado_gateway.domain.chat import ChatRequest, Message, Opaque, Part, Text, Tool, ToolResult
from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.domain.foreign import leave_out


def a_chat(*parts: Part, extra: dict[str, object] | None = None, tools: tuple[Tool, ...] = ()) -> ChatRequest:
    return ChatRequest(
        model="m",
        messages=(Message(role="user", parts=parts or (Text("hi"),)),),
        family="anthropic",
        extra=extra or {},
        hints=frozenset({"speed"}),
        tools=tools,
    )


A_BLOCK = Opaque(family="anthropic", document={"type": "server_tool_use"}, path="messages[3].content[1]")


def test_the_same_family_gets_everything() -> None:
    dropped: list[str] = []
    chat = a_chat(A_BLOCK, extra={"container": "c", "speed": "fast"}, tools=(Tool(name="t", hosted={"type": "x"}),))
    assert leave_out(chat, "anthropic", dropped) == {"container": "c", "speed": "fast"}
    assert dropped == []


def test_hints_are_left_out_and_listed() -> None:
    dropped: list[str] = []
    chat = a_chat(extra={"speed": "fast"}, tools=(Tool(name="t", hints={"defer_loading": True}),))
    assert leave_out(chat, "openai", dropped) == {}
    assert dropped == ["speed", "tools[0].defer_loading"]


@pytest.mark.parametrize(
    ("chat", "path"),
    [
        (a_chat(extra={"container": "c"}), "container"),
        (a_chat(tools=(Tool(name="t"), Tool(name="web_search", hosted={"type": "web_search_20250305"}))), "tools[1]"),
        (a_chat(A_BLOCK), "messages[3].content[1]"),
        (a_chat(ToolResult(call_id="c", content=(A_BLOCK,))), "messages[3].content[1]"),
    ],
    ids=["member", "tool", "part", "part of a result"],
)
def test_what_changes_the_answer_is_refused_by_name(chat: ChatRequest, path: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        leave_out(chat, "openai", [])
    assert raised.value.param == path
    assert raised.value.message.startswith(f"{path}: ")


@pytest.mark.parametrize("family", ["anthropic", "openai"])
def test_what_nobody_could_read_is_told_to_all(family: str) -> None:
    dropped: list[str] = []
    chat = ChatRequest(model="m", messages=(), family="anthropic", unread=("messages[].mood",))
    leave_out(chat, family, dropped)
    assert dropped == ["messages[].mood"]
