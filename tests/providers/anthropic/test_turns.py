from tornado_gateway.domain.chat import CacheMarker, Image, Message, Part, Role, Text, ToolCall, ToolResult
from tornado_gateway.providers.anthropic.blocks import Blocks
from tornado_gateway.providers.anthropic.turns import add_instruction, system_and_turns


def a_message(role: Role, *parts: Part | str, name: str | None = None) -> Message:
    return Message(role, tuple(Text(part) if isinstance(part, str) else part for part in parts), name)


def told(*messages: Message, inline: bool = False) -> tuple[list[object], list[object], list[str]]:
    dropped: list[str] = []
    system, turns = system_and_turns(messages, Blocks(own=False, dropped=dropped), keep_inline=inline)
    return list(system), list(turns), dropped


def test_system_and_developer_prompts_go_into_system_in_order() -> None:
    system, turns, _ = told(a_message("system", "a"), a_message("user", "hi"), a_message("developer", "b"))
    assert system == [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    assert turns == [{"role": "user", "content": "hi"}]


def test_where_it_is_known_a_later_one_keeps_its_place() -> None:
    system, turns, _ = told(a_message("system", "a"), a_message("user", "hi"), a_message("system", "b"), inline=True)
    assert system == [{"type": "text", "text": "a"}]
    assert turns == [{"role": "user", "content": "hi"}, {"role": "system", "content": "b"}]


def test_turns_of_one_role_are_one_with_results_first() -> None:
    _, turns, _ = told(
        a_message("user", "one"),
        a_message("user", "two"),
        a_message("assistant", "", ToolCall("c1", "f", "{}"), ToolCall("c2", "f", '{"a":1}')),
        a_message("user", "before"),
        a_message("tool", ToolResult("c1", (Text("r1"),))),
        a_message("tool", ToolResult("c2", (Text("r2"),))),
        a_message("user", "after"),
    )
    assert turns == [
        {"role": "user", "content": [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]},
        {
            "role": "assistant",
            "content": [
                {"type": "tool_use", "id": "c1", "name": "f", "input": {}},
                {"type": "tool_use", "id": "c2", "name": "f", "input": {"a": 1}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "c1", "content": "r1"},
                {"type": "tool_result", "tool_use_id": "c2", "content": "r2"},
                {"type": "text", "text": "before"},
                {"type": "text", "text": "after"},
            ],
        },
    ]


def test_an_empty_answer_is_left_out() -> None:
    _, turns, _ = told(a_message("user", "a"), a_message("assistant", ""), a_message("user", "b"))
    assert len(turns) == 1


def test_a_system_prompt_alone_becomes_the_turn_to_answer() -> None:
    system, turns, _ = told(a_message("system", "Tell a joke."))
    assert (system, turns) == ([], [{"role": "user", "content": [{"type": "text", "text": "Tell a joke."}]}])


def test_a_cached_text_keeps_its_long_form() -> None:
    _, turns, _ = told(a_message("user", Text("a", cache=CacheMarker("1h"))))
    marked = {"type": "text", "text": "a", "cache_control": {"type": "ephemeral", "ttl": "1h"}}
    assert turns == [{"role": "user", "content": [marked]}]


def test_a_speaker_s_name_is_a_hint() -> None:
    assert told(a_message("user", "a", name="ann"))[2] == ["messages[0].name"]


def test_an_instruction_comes_last() -> None:
    system = [{"type": "text", "text": "a"}]
    add_instruction(system, "b")
    assert system[1:] == [{"type": "text", "text": "b"}]


def test_another_models_pictures_are_no_words_of_an_assistant() -> None:
    _, turns, dropped = told(a_message("assistant", "Here:", Image(data="AA", media_type="image/png")))
    assert turns == [{"role": "assistant", "content": "Here:"}]
    assert dropped == ["images"]
