from typing import Any

import msgspec
import pytest

from tests.guarding import CARD, MAIL, checks, counts, pii, rule, tally
from tornado_gateway.bootstrap import decode_call
from tornado_gateway.domain.call import ModelCall
from tornado_gateway.domain.errors import GuardrailDenied
from tornado_gateway.domain.guardrails.requests import guard_request, offered, replace_texts, request_texts
from tornado_gateway.domain.guardrails.rules import SizeRule, ToolRule
from tornado_gateway.domain.paths import key_path
from tornado_gateway.domain.wire import (
    ANTHROPIC_MESSAGES,
    NATIVE,
    OPENAI_COMPLETIONS,
    OPENAI_EMBEDDINGS,
    OPENAI_RESPONSES,
)
from tornado_gateway.httpserver.dialects.openai_chat import OpenAIChat


def call(**members: Any) -> ModelCall:
    document = {"model": "gpt-4", "messages": [{"role": "user", "content": f"mail {MAIL}"}], **members}
    return OpenAIChat().decode_request(msgspec.json.encode(document))


def test_what_is_changed_is_changed_for_both_lanes() -> None:
    asked = call(temperature=1.0)
    assert asked.chat.messages[0].text == f"mail {MAIL}"
    made = guard_request(asked, checks(*pii("email")), tally())
    assert made.wire.get("messages") == [{"role": "user", "content": "mail [EMAIL]"}]
    assert made.chat.messages[0].text == "mail [EMAIL]"
    assert bytes(made.wire.fields["temperature"]) == b"1.0"
    assert asked.wire.get("messages") == [{"role": "user", "content": f"mail {MAIL}"}]


def test_a_call_in_which_nothing_is_changed_is_itself() -> None:
    asked = call()
    assert guard_request(asked, checks(*pii("card"), *pii("email", action="flag")), tally()) is asked


def test_a_refusal_names_the_place_and_not_what_stands_there() -> None:
    with pytest.raises(GuardrailDenied) as raised:
        guard_request(call(), checks(*pii("email", action="deny")), tally())
    assert raised.value.param == "messages[0].content"
    assert MAIL not in raised.value.message


@pytest.mark.parametrize(
    ("members", "place"),
    [
        ({"messages": [{"role": "user", "content": "x" * 11}]}, "messages"),
        ({"prompt": "x" * 11}, "prompt"),
        ({"input": ["x" * 6, "x" * 5]}, "input"),
        ({"system": "x" * 6, "messages": [{"role": "user", "content": "x" * 5}]}, "system"),
    ],
)
def test_too_many_characters(members: dict[str, Any], place: str) -> None:
    asked = call()
    asked.wire = type(asked.wire)("", {name: msgspec.Raw(msgspec.json.encode(each)) for name, each in members.items()})
    with pytest.raises(GuardrailDenied, match="have 11 characters, and 10 is the most") as raised:
        guard_request(asked, checks(SizeRule("size", "deny", max_prompt_chars=10)), tally())
    assert raised.value.param == place
    assert guard_request(asked, checks(SizeRule("size", "deny", max_prompt_chars=11)), tally()) is asked


@pytest.mark.parametrize("member", ["messages", "input", "prompt"])
def test_too_many_messages(member: str) -> None:
    asked, seen = call(), tally()
    asked.wire = type(asked.wire)("", {member: msgspec.Raw(b'["a","b","c"]')})
    with pytest.raises(GuardrailDenied, match=f"{member} has 3 entries, and 2 is the most"):
        guard_request(asked, checks(SizeRule("size", "deny", max_messages=2)), tally())
    assert guard_request(asked, checks(SizeRule("size", "flag", max_messages=2)), seen) is asked
    assert counts(seen) == {("size", "flag", member): 1}
    asked.wire = type(asked.wire)("", {member: msgspec.Raw(b'"a"')})
    assert guard_request(asked, checks(SizeRule("size", "deny", max_messages=1, message="No.")), tally()) is asked


def test_tools_of_every_form() -> None:
    tools = [
        {"type": "function", "function": {"name": "a"}},
        {"type": "custom", "custom": {"name": "b"}},
        {"name": "c", "input_schema": {}},
        {"type": "function", "name": "d"},
        {"type": "web_search"},
        {"type": "web_search_20250305", "name": "web_search"},
        "odd",
        {"type": "namespace", "name": "n", "tools": [{"type": "function", "name": "g"}]},
        {"name": "evil", "custom": {"name": "good"}},
        {"type": "function", "name": "evil", "function": {"name": "good"}},
        {"type": "code_interpreter", "name": "good"},
    ]
    fields = {
        "tools": msgspec.Raw(msgspec.json.encode(tools)),
        "functions": msgspec.Raw(b'[{"name":"f"}]'),
        "mcp_servers": msgspec.Raw(b'[{"name":"x"}]'),
        "web_search_options": msgspec.Raw(b"{}"),
    }
    assert [(tool.where, tool.names) for tool in offered(fields)] == [
        ("tools[0]", ("a",)),
        ("tools[1]", ("b",)),
        ("tools[2]", ("c",)),
        ("tools[3]", ("d",)),
        ("tools[4]", ("web_search",)),
        ("tools[5]", ("web_search_20250305", "web_search")),
        ("tools[7]", ("namespace",)),
        ("tools[7].tools[0]", ("g",)),
        ("tools[8]", ("good", "evil")),
        ("tools[9]", ("good", "evil")),
        ("tools[10]", ("code_interpreter",)),
        ("functions[0]", ("f",)),
        ("mcp_servers", ("mcp",)),
        ("web_search_options", ("web_search",)),
    ]


@pytest.mark.parametrize(
    ("tool", "allowed", "denied", "refused"),
    [
        ({"name": "evil", "custom": {"name": "good"}}, ("good",), (), True),
        ({"name": "evil", "custom": {"name": "good"}}, ("good", "evil"), (), False),
        ({"type": "code_interpreter", "name": "good"}, ("good",), (), True),
        ({"type": "web_search_20250305", "name": "web_search"}, ("web_search",), (), False),
        ({"type": "web_search_20250305", "name": "web_search"}, ("web_search_20250305",), (), False),
        ({"type": "web_search_20250305", "name": "web_search"}, None, ("web_search",), True),
        ({"type": "namespace", "name": "n", "tools": [{"type": "function", "name": "rm"}]}, None, ("rm",), True),
    ],
)
def test_no_other_member_hides_what_a_tool_is(
    tool: dict[str, Any], allowed: tuple[str, ...] | None, denied: tuple[str, ...], refused: bool
) -> None:
    rules = checks(ToolRule("tools", "deny", allowed, denied))
    if not refused:
        guard_request(call(tools=[tool]), rules, tally())
        return
    with pytest.raises(GuardrailDenied):
        guard_request(call(tools=[tool]), rules, tally())


def test_a_tool_that_may_not_be_offered() -> None:
    asked = call(
        tools=[{"type": "function", "function": {"name": "ls"}}, {"type": "function", "function": {"name": "rm"}}]
    )
    with pytest.raises(GuardrailDenied) as raised:
        guard_request(asked, checks(ToolRule("tools", "deny", denied=("rm",))), tally())
    assert raised.value.param == "tools[1]"
    assert guard_request(asked, checks(ToolRule("tools", "deny", ("rm", "l*"))), tally()) is asked


def test_what_only_describes_is_looked_at_too() -> None:
    asked = call(tools=[{"type": "function", "function": {"name": "a", "description": f"pays with {CARD}"}}])
    made = guard_request(asked, checks(*pii("card")), tally())
    assert made.wire.get("tools") == [
        {"type": "function", "function": {"name": "a", "description": "pays with [CARD]"}}
    ]
    assert [name for name, _, _ in request_texts(asked.wire.fields)] == ["messages", "tools"]


def test_other_words_by_their_places() -> None:
    made = replace_texts(call(), {"messages[0].content": "other"})
    assert made.chat.messages[0].text == "other"
    asked = call()
    assert replace_texts(asked, {"messages[4].content": "other"}) is asked


@pytest.mark.parametrize(
    ("dialect", "document", "texts"),
    [
        (NATIVE, {"messages": [{"role": "user", "content": MAIL}]}, ["messages[0].content"]),
        (OPENAI_COMPLETIONS, {"prompt": ["a", MAIL], "suffix": MAIL}, ["prompt[1]", "suffix"]),
        (OPENAI_EMBEDDINGS, {"input": [MAIL, "b"]}, ["input[0]"]),
        (
            OPENAI_RESPONSES,
            {"instructions": MAIL, "input": [{"role": "user", "content": [{"type": "input_text", "text": MAIL}]}]},
            ["instructions", "input[0].content[0].text"],
        ),
        (
            ANTHROPIC_MESSAGES,
            {"max_tokens": 5, "system": MAIL, "messages": [{"role": "user", "content": MAIL}]},
            ["system", "messages[0].content"],
        ),
    ],
)
def test_in_every_dialect(dialect: str, document: dict[str, Any], texts: list[str]) -> None:
    asked = decode_call(msgspec.json.encode({"model": "gpt-4", **document}), dialect)
    seen = tally()
    made = guard_request(asked, checks(*pii("email")), seen)
    assert counts(seen) == {("email", "redact", texts[0]): len(texts)}
    assert MAIL.encode() not in b"".join(bytes(raw) for raw in made.wire.fields.values())
    assert [
        key_path(text.path) for _, _, listed in request_texts(asked.wire.fields) for text in listed if text.said == MAIL
    ] == texts


def test_only_arguments_that_a_rule_wants() -> None:
    said = [
        {"role": "assistant", "tool_calls": [{"id": "1", "function": {"name": "a", "arguments": f'{{"to":"{MAIL}"}}'}}]}
    ]
    made = guard_request(call(messages=said), checks(*pii("email")), tally())
    assert made.wire.get("messages")[0]["tool_calls"][0]["function"]["arguments"] == '{"to":"[EMAIL]"}'  # type: ignore[index]
    asked = call(messages=said)
    assert guard_request(asked, checks(rule("bob", arguments=False)), tally()) is asked


def test_a_vendors_own_members_are_looked_at_and_parameters_are_not() -> None:
    members = {
        "documents": [{"text": MAIL}],
        "chat_template_kwargs": {"x": MAIL},
        "user": MAIL,
        "metadata": {"a": MAIL},
    }
    made = guard_request(call(**members), checks(*pii("email")), tally())
    told = {name: msgspec.json.decode(raw) for name, raw in made.wire.fields.items()}
    assert (told["documents"], told["chat_template_kwargs"]) == ([{"text": "[EMAIL]"}], {"x": "[EMAIL]"})
    assert (told["user"], told["metadata"]) == (MAIL, {"a": MAIL})
