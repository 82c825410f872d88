from typing import Any

import pytest

from tornado_gateway.domain.chat import (
    Audio,
    CacheMarker,
    Document,
    Image,
    Message,
    Opaque,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.providers.gemini.contents import UNSIGNED, Contents


def encode(
    *messages: Message, model: str = "gemini-2.5-flash", dropped: list[str] | None = None
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    return Contents(model=model, dropped=[] if dropped is None else dropped).of(messages)


def user(*parts: Any) -> Message:
    return Message("user", parts)


def model(*parts: Any) -> Message:
    return Message("assistant", parts)


def tool(call_id: str, *content: Any, **more: Any) -> Message:
    return Message("tool", (ToolResult(call_id, content, **more),))


CALL = ToolCall("c1", "f", '{"a": 1}')


def test_system_and_turns_stand_apart_and_turns_of_one_role_together() -> None:
    system, contents = encode(
        Message("system", (Text("be kind"),)),
        user(Text("a")),
        user(Text("b")),
        model(Refusal("no")),
        Message("developer", (Text("be brief"),)),
        user(Text("c")),
    )
    assert system == [{"text": "be kind"}, {"text": "be brief"}]
    assert contents == [
        {"role": "user", "parts": [{"text": "a"}, {"text": "b"}]},
        {"role": "model", "parts": [{"text": "no"}]},
        {"role": "user", "parts": [{"text": "c"}]},
    ]


def test_there_is_always_a_turn_of_the_user_first() -> None:
    assert encode(Message("system", (Text("x"),))) == ([], [{"role": "user", "parts": [{"text": "x"}]}])
    _, contents = encode(model(Text("hi")))
    assert [content["role"] for content in contents] == ["user", "model"]


def test_empty_turns() -> None:
    _, contents = encode(user(Text("")), model(Text("")), user(Text("x")))
    assert contents == [{"role": "user", "parts": [{"text": ""}, {"text": "x"}]}]


def test_only_text_instructs() -> None:
    with pytest.raises(InvalidRequest, match=r"messages\[0\]\.content\[0\]"):
        encode(Message("system", (Image(data="AA"),)))


def test_a_result_bears_the_name_of_its_tool() -> None:
    _, contents = encode(
        user(Text("x")), model(CALL, ToolCall("c2", "g", "")), tool("c2", Text("done")), tool("c1", Text('{"b":[2]}'))
    )
    assert contents[1:] == [
        {
            "role": "model",
            "parts": [
                {"functionCall": {"name": "f", "args": {"a": 1}, "id": "c1"}},
                {"functionCall": {"name": "g", "args": {}, "id": "c2"}},
            ],
        },
        {
            "role": "user",
            "parts": [
                {"functionResponse": {"name": "g", "response": {"output": "done"}, "id": "c2"}},
                {"functionResponse": {"name": "f", "response": {"b": [2]}, "id": "c1"}},
            ],
        },
    ]


def test_ids_that_repeat_mean_the_latest_call() -> None:
    _, contents = encode(
        model(CALL), tool("c1", Text("1")), model(ToolCall("c1", "g", "{}")), tool("c1", Text("2")), user(Text("x"))
    )
    names = [p["functionResponse"]["name"] for c in contents for p in c["parts"] if "functionResponse" in p]
    assert names == ["f", "g"]


def test_a_result_of_nothing() -> None:
    with pytest.raises(InvalidRequest) as refused:
        encode(user(Text("x")), tool("c9", Text("1")))
    assert refused.value.param == "messages[1].content[0]"
    _, contents = encode(tool("", Text("{no json"), name="f"))
    assert contents[0]["parts"] == [{"functionResponse": {"name": "f", "response": {"output": "{no json"}}}]


def test_failed_and_manifold_results() -> None:
    _, contents = encode(model(CALL), tool("c1", Text("broke"), is_error=True), tool("c1", Text("a"), Text("b")))
    responses = [part["functionResponse"]["response"] for part in contents[-1]["parts"]]
    assert responses == [{"error": "broke"}, {"output": "a\nb"}]


def test_pictures_in_a_result_stand_in_it_or_beside_it() -> None:
    messages = (model(CALL), tool("c1", Text("look"), Image(data="AA"), Image(url="https://x/y.png")))
    _, contents = encode(*messages)
    assert [list(part) for part in contents[-1]["parts"]] == [["functionResponse"], ["inlineData"], ["fileData"]]
    _, contents = encode(*messages, model="gemini-3-flash")
    first, second = contents[-1]["parts"]
    assert first["functionResponse"]["parts"] == [{"inlineData": {"mimeType": "image/jpeg", "data": "AA"}}]
    assert list(second) == ["fileData"]


def test_signatures_go_back_to_where_they_came_from() -> None:
    dropped: list[str] = []
    _, contents = encode(
        user(Text("x")),
        model(
            Reasoning("hm", signature="s0", origin="gemini"),
            Reasoning("unsigned", origin="gemini"),
            Reasoning(origin="gemini"),
            Text("y", signature="s1"),
            Text("", signature="s2"),
            ToolCall("c1", "f", "{}", signature="s3"),
        ),
        dropped=dropped,
    )
    assert contents[1]["parts"] == [
        {"text": "hm", "thought": True, "thoughtSignature": "s0"},
        {"text": "unsigned", "thought": True},
        {"text": "y", "thoughtSignature": "s1"},
        {"text": "", "thoughtSignature": "s2"},
        {"functionCall": {"name": "f", "args": {}, "id": "c1"}, "thoughtSignature": "s3"},
    ]
    assert dropped == []


def test_thoughts_of_others_are_left_out_and_their_calls_pass_unsigned() -> None:
    dropped: list[str] = []
    turn = model(Reasoning("hm", signature="s", origin="anthropic"), Reasoning("h"), CALL, ToolCall("c2", "g", "{}"))
    _, contents = encode(user(Text("x")), turn, dropped=dropped, model="gemini-3-pro")
    assert [part.get("thoughtSignature") for part in contents[1]["parts"]] == [UNSIGNED, None]
    assert dropped == ["reasoning"]
    _, contents = encode(user(Text("x")), turn)
    assert all("thoughtSignature" not in part for part in contents[1]["parts"])


def test_media_and_parts_of_its_own() -> None:
    own = {"executableCode": {"code": "1"}}
    _, contents = encode(user(Audio("AA", "wav"), Document(text="d"), Opaque("gemini", own)))
    assert contents[0]["parts"] == [{"inlineData": {"mimeType": "audio/wav", "data": "AA"}}, {"text": "d"}, own]


def test_hints_are_dropped_by_name() -> None:
    dropped: list[str] = []
    marker = CacheMarker()
    encode(
        Message(
            "user",
            (
                Text("a", cache=marker),
                Image(data="AA", detail="high", cache=marker),
                Image(data="AA", detail="auto"),
                Document(data="AA", name="n", citations=True),
            ),
            name="bob",
        ),
        dropped=dropped,
    )
    assert dropped == [
        "messages[0].name",
        "cache_control",
        "messages[0].content[1].detail",
        "messages[0].content[3].name",
        "messages[0].content[3].citations",
    ]


@pytest.mark.parametrize(
    "call", [ToolCall("c", "f", "x", custom=True), ToolCall("c", "f", "{cut"), ToolCall("c", "f", "[1]")]
)
def test_calls_that_can_t_be_told(call: ToolCall) -> None:
    with pytest.raises(InvalidRequest) as refused:
        encode(user(Text("x")), model(call))
    assert refused.value.param == "messages[1].content[0]"
