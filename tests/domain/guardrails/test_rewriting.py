import msgspec
import pytest

from tests.guarding import MAIL, checks, counts, pii, rule, tally
from tornado_gateway.domain.errors import GuardrailDenied
from tornado_gateway.domain.guardrails.members import Kind, texts
from tornado_gateway.domain.guardrails.rewriting import (
    check_tool,
    fitting,
    raw_members,
    replaced_by_path,
    rewritten,
    without_likelihoods,
)
from tornado_gateway.domain.guardrails.rules import ToolRule

DOCUMENT = (
    b'[ {"content": "to ' + MAIL.encode() + b' \\u00e9", "n" : 1.0, "x":[ ], "role":"user"} , {"content":"\\u0041"} ]'
)


def test_the_bytes_of_what_is_changed_and_no_others() -> None:
    seen = tally()
    made = rewritten(DOCUMENT, texts(DOCUMENT, ("messages",)), checks(*pii("email")), seen)
    assert made == DOCUMENT.replace(b'"to ' + MAIL.encode() + b' \\u00e9"', '"to [EMAIL] é"'.encode())
    assert counts(seen) == {("email", "redact", "messages[0].content"): 1}


def test_a_document_in_which_nothing_is_found_is_itself() -> None:
    made = rewritten(DOCUMENT, texts(DOCUMENT, ("messages",)), checks(*pii("card"), rule("é", "flag")), tally())
    assert made is DOCUMENT


def test_an_escape_hides_nothing() -> None:
    hidden = MAIL.replace("@", "\\u0040").encode()
    made = rewritten(b'["' + hidden + b'"]', texts(b'["' + hidden + b'"]', ("input",)), checks(*pii("email")), tally())
    assert made == b'["[EMAIL]"]'


def test_a_member_that_is_there_twice_is_looked_at_twice() -> None:
    twice = b'[{"content":"' + MAIL.encode() + b'","content":"fine"}]'
    assert MAIL.encode() not in rewritten(twice, texts(twice, ("messages",)), checks(*pii("email")), tally())


def test_a_number_of_a_tool_s_input_becomes_a_text() -> None:
    document = b'[{"input":{"card":4111111111111111}}]'
    made = rewritten(document, texts(document, ("content",)), checks(*pii("card")), tally())
    assert msgspec.json.decode(made) == [{"input": {"card": "[CARD]"}}]


def test_rules_that_leave_arguments_alone() -> None:
    rules = [rule("a"), rule("b", arguments=False)]
    assert fitting(rules, Kind.TEXT) is rules
    assert fitting(rules, Kind.ARGUMENTS) == fitting(rules, Kind.FREE) == rules[:1]


def test_tools() -> None:
    seen = tally()
    check_tool("rm", [ToolRule("seen", "flag", denied=("rm",))], seen, "tools[0]")
    with pytest.raises(GuardrailDenied, match="'tools' at tools"):
        check_tool(
            "rm", [ToolRule("other", "deny", denied=("ls",)), ToolRule("tools", "deny", ("ls",))], seen, "tools[0]"
        )
    assert counts(seen) == {("seen", "flag", "tools[0]"): 1, ("tools", "deny", "tools[0]"): 1}


def test_other_words_by_their_places() -> None:
    found = list(texts(DOCUMENT, ("messages",)))
    made = replaced_by_path(DOCUMENT, found, {"messages[1].content": "B", "messages[7].content": "no"})
    assert made == DOCUMENT.replace(b'"\\u0041"', b'"B"')
    assert replaced_by_path(DOCUMENT, found, {"messages[1].content": "A"}) is DOCUMENT


def test_likelihoods_are_left_out() -> None:
    document = b'[{"logprobs":{"content":[{"token":"a"}]},"text":"a"}]'
    assert without_likelihoods(document, texts(document, ("choices",)), b"null") == b'[{"logprobs":null,"text":"a"}]'


def test_members_that_are_there() -> None:
    fields = {"a": msgspec.Raw(b"1"), "c": msgspec.Raw(b"2")}
    assert list(raw_members(fields, ("c", "b", "a"))) == [("c", b"2"), ("a", b"1")]
