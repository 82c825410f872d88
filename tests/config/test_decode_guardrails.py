from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tornado_gateway.config.decode_guardrails import attached, guardrails, usual_directions
from tornado_gateway.config.diff import differences, needs_restart
from tornado_gateway.config.model import RouteSettings, Settings
from tornado_gateway.config.model_guardrails import GuardrailSettings, HookSettings

BOTH = ("request", "response")


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ({"match": {"regex": "a"}}, GuardrailSettings("x", BOTH, regex="a")),
        (
            {"on": ["response"], "match": {"pii": ["email", "card", "email"]}, "action": "redact", "replacement": "-"},
            GuardrailSettings("x", ("response",), "redact", pii=("email", "card"), replacement="-"),
        ),
        (
            {
                "match": {"regex": "a"},
                "window": 9,
                "tool_arguments": False,
                "message": "No.",
                "on": ["response", "request"],
            },
            GuardrailSettings("x", BOTH, regex="a", window=9, tool_arguments=False, message="No."),
        ),
        ({"max_messages": 5}, GuardrailSettings("x", ("request",), max_messages=5)),
        ({"max_prompt_chars": 5}, GuardrailSettings("x", ("request",), max_prompt_chars=5)),
        ({"allowed_tools": ["a"]}, GuardrailSettings("x", BOTH, allowed_tools=("a",))),
        ({"denied_tools": ["a"], "action": "flag"}, GuardrailSettings("x", BOTH, "flag", denied_tools=("a",))),
        ({"hook": {"url": " http://a\n"}}, GuardrailSettings("x", ("request",), hook=HookSettings("http://a"))),
        (
            {
                "on": ["response"],
                "hook": {"url": "http://a", "deadline": Decimal(2), "fail": "open", "headers": {"a": "b\n"}},
            },
            GuardrailSettings("x", ("response",), hook=HookSettings("http://a", 2.0, "open", {"a": "b"})),
        ),
    ],
)
def test_rules(said: dict[str, Any], rule: GuardrailSettings) -> None:
    assert guardrails({"guardrails": {"x": said}}) == (rule,)


def test_without_the_section_there_are_none() -> None:
    assert guardrails({}) == guardrails({"guardrails": None}) == ()
    assert attached({}) == attached({"guardrails": None}) == ()


def test_where_rules_hold() -> None:
    assert attached({"guardrails": ["a", "b"]}) == ("a", "b")
    assert attached({"global_guardrails": ["a"]}, "global_guardrails") == ("a",)
    assert usual_directions({"match": {}}) == BOTH


def test_a_diff_tells_what_changed_and_no_secret() -> None:
    def settings(pattern: str, planted: str, *more: GuardrailSettings) -> Settings:
        hook = HookSettings(f"http://{planted}", headers={"authorization": planted})
        rules = (GuardrailSettings("a", BOTH, regex=pattern), GuardrailSettings("h", BOTH, hook=hook), *more)
        return Settings((), (RouteSettings("r", (), guardrails=("a",)),), (), guardrails=rules)

    old, new = (
        settings("x", "planted1"),
        settings("y", "planted2", GuardrailSettings("n", ("request",), max_messages=5)),
    )
    new = replace(new, routes=(RouteSettings("r", (), guardrails=("a", "n")),), global_guardrails=("h",))
    assert differences(old, new) == (
        "route r: guardrails a -> a,n",
        "guardrails a.regex: x -> y",
        "guardrails h.hook.url changed",
        "guardrails h.hook.headers changed",
        "guardrails n added",
        "global_guardrails: none -> h",
    )
    assert needs_restart(old, new) == ()
