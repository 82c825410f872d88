import msgspec
import pytest

from tornado_gateway.domain.chat import Message, Part, Reasoning, Refusal, Text, ToolCall, filtered

MESSAGE = Message(
    role="assistant",
    parts=(Reasoning("hm"), Text("Hel"), ToolCall("1", "f", "{}"), Text("lo"), ToolCall("2", "g", "{}")),
)


def test_text_is_all_text_and_nothing_else() -> None:
    assert MESSAGE.text == "Hello"
    assert Message(role="user", parts=()).text == ""


def test_tool_calls_keep_their_order() -> None:
    assert [call.name for call in MESSAGE.tool_calls] == ["f", "g"]


def test_values_are_frozen() -> None:
    with pytest.raises(AttributeError):
        MESSAGE.parts[1].text = "other"  # type: ignore[union-attr, misc]


def test_parts_are_told_apart_by_their_tag() -> None:
    again = msgspec.json.decode(msgspec.json.encode(MESSAGE.parts), type=tuple[Part, ...])
    assert again == MESSAGE.parts


def test_a_refusal_without_words_is_something_held_back() -> None:
    assert Message("assistant", (Text("a"), Refusal("No."))).refused
    assert not Message("assistant", (Text("a"),)).refused
    assert filtered("refusal", refused=False) == "content_filter"
    assert filtered("refusal", refused=True) == "refusal"
    assert filtered("stop", refused=False) == "stop"
