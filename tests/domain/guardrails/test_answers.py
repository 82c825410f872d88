from typing import Any

import msgspec
import pytest

from tests.guarding import CARD, MAIL, checks, counts, pii, rule, tally
from tornado_gateway.domain.call import Answer, Embedding
from tornado_gateway.domain.chat import ChatResponse, Choice, Image, Message, Part, Reasoning, Refusal, Text, ToolCall
from tornado_gateway.domain.errors import GuardrailDenied
from tornado_gateway.domain.guardrails.answers import answer_texts, guard_answer, replace_texts
from tornado_gateway.domain.guardrails.rules import ToolRule
from tornado_gateway.domain.wire import ANTHROPIC_MESSAGES, OPENAI_CHAT, OPENAI_RESPONSES, Wire


def relayed(protocol: str, body: bytes) -> Answer:
    return Answer(usage=None, relayed=Wire(protocol, msgspec.json.decode(body, type=dict[str, msgspec.Raw]), body))


def translated(*parts: Part, logprobs: Any = None) -> Answer:
    choice = Choice(index=0, message=Message("assistant", parts), finish_reason="stop", logprobs=logprobs)
    return Answer(usage=None, chat=ChatResponse(id="1", model="m", choices=(choice,)))


def parts(answer: Answer) -> tuple[Part, ...]:
    assert answer.chat is not None
    return answer.chat.choices[0].message.parts


def body(answer: Answer) -> bytes:
    assert answer.relayed is not None
    return msgspec.json.encode(answer.relayed.fields)


CHAT = (
    b'{"id":"1","choices":[{"index":0,"message":{"role":"assistant","content":"to %s"},"logprobs":%s,"x":1.0}],"z":1.0}'
)
MAILED = MAIL.encode()


def test_a_relayed_answer_keeps_all_but_what_is_replaced() -> None:
    answer = relayed(OPENAI_CHAT, CHAT % (MAILED, b'{"content":[{"token":"bob"}]}'))
    made = guard_answer(answer, checks(*pii("email")), tally("response"))
    assert body(made) == CHAT % (b"[EMAIL]", b"null")
    assert made.relayed is not None
    assert made.relayed.body is None


def test_an_answer_in_which_nothing_is_found_is_itself() -> None:
    for answer in (relayed(OPENAI_CHAT, CHAT % (MAILED, b"null")), translated(Text(MAIL))):
        assert guard_answer(answer, checks(*pii("card")), tally()) is answer
        assert guard_answer(answer, checks(*pii("email", action="flag")), tally()) is answer
    vectors = Answer(usage=None, embeddings=(Embedding(0, "AAAA"),))
    assert guard_answer(vectors, checks(*pii("email")), tally()) is vectors


def test_messages_of_anthropic_s_and_a_thought_that_is_proved() -> None:
    answer = relayed(
        ANTHROPIC_MESSAGES,
        b'{"content":[{"type":"thinking","thinking":"%s","signature":"s"},{"type":"text","text":"%s"},'
        b'{"type":"tool_use","id":"1","name":"send","input":{"to":"%s","n":1.0}}]}' % (MAILED, MAILED, MAILED),
    )
    seen = tally("response")
    made = guard_answer(answer, checks(*pii("email")), seen)
    assert body(made).count(MAILED) == 1
    assert b'"thinking":"%s"' % MAILED in body(made)
    assert b'{"to":"[EMAIL]","n":1.0}' in body(made)
    assert counts(seen) == {
        ("email", "flag", "content[0].thinking"): 1,
        ("email", "redact", "content[1].text"): 2,
    }


def test_responses() -> None:
    answer = relayed(
        OPENAI_RESPONSES,
        b'{"instructions":"%s","output":[{"type":"message","content":[{"text":"%s","logprobs":[{"token":"b"}]}]},'
        b'{"type":"function_call","name":"f","arguments":"{\\"to\\":\\"%s\\"}"}]}' % (MAILED, MAILED, MAILED),
    )
    made = body(guard_answer(answer, checks(*pii("email")), tally("response")))
    assert b'"text":"[EMAIL]","logprobs":[]' in made
    assert b'"arguments":"{\\"to\\":\\"[EMAIL]\\"}"' in made
    assert b'"instructions":"%s"' % MAILED in made


def test_texts_that_follow_each_other_are_one() -> None:
    answer = translated(Text("to bob@exa"), Image(url="u"), Text("mple.org."), Refusal(MAIL), logprobs={"content": []})
    made = guard_answer(answer, checks(*pii("email")), tally("response"))
    assert parts(made) == (Text("to [EMAIL]"), Image(url="u"), Text("."), Refusal("[EMAIL]"))
    assert made.chat is not None
    assert made.chat.choices[0].logprobs is None


def test_thoughts_and_calls_of_a_translated_answer() -> None:
    call = ToolCall(id="1", name="f", arguments=f'{{"to":"{MAIL}","card":4111111111111111}}')
    answer = translated(Reasoning(MAIL), Reasoning(MAIL, signature="s"), call, ToolCall("2", "g", CARD, custom=True))
    seen = tally("response")
    made = parts(guard_answer(answer, checks(*pii("email", "card")), seen))
    assert made == (
        Reasoning("[EMAIL]"),
        Reasoning(MAIL, signature="s"),
        ToolCall(id="1", name="f", arguments='{"to":"[EMAIL]","card":"[CARD]"}'),
        ToolCall("2", "g", "[CARD]", custom=True),
    )
    assert counts(seen)["email", "flag", "choices[0].parts[1]"] == 1
    kept = guard_answer(translated(call), checks(rule("4111", arguments=False)), tally())
    assert parts(kept) == (call,)


@pytest.mark.parametrize(
    "answer",
    [
        translated(ToolCall("1", "rm", "{}")),
        relayed(OPENAI_CHAT, b'{"choices":[{"message":{"tool_calls":[{"function":{"name":"rm","arguments":"{}"}}]}}]}'),
        relayed(ANTHROPIC_MESSAGES, b'{"content":[{"type":"tool_use","name":"rm","input":{}}]}'),
        relayed(OPENAI_RESPONSES, b'{"output":[{"type":"function_call","name":"rm","arguments":"{}"}]}'),
    ],
)
def test_a_tool_that_may_not_be_called(answer: Answer) -> None:
    with pytest.raises(GuardrailDenied):
        guard_answer(answer, checks(ToolRule("tools", "deny", denied=("rm",))), tally("response"))
    assert guard_answer(answer, checks(ToolRule("tools", "deny", ("rm",))), tally("response")) is answer


@pytest.mark.parametrize(
    ("answer", "place"),
    [
        (relayed(OPENAI_CHAT, CHAT % (MAILED, b"null")), "choices[0].message.content"),
        (translated(Text(f"to {MAIL}")), "choices[0].parts[0]"),
    ],
)
def test_what_is_said_where_and_other_words_for_it(answer: Answer, place: str) -> None:
    assert list(answer_texts(answer)) == [(place, f"to {MAIL}")]
    assert list(answer_texts(replace_texts(answer, {place: "other"}))) == [(place, "other")]
    assert replace_texts(answer, {"nowhere": "other"}) == answer
    assert list(answer_texts(Answer(usage=None))) == []
    assert replace_texts(Answer(usage=None), {place: "other"}) == Answer(usage=None)


def test_a_refusal_says_where() -> None:
    with pytest.raises(GuardrailDenied, match=r"at the answer's choices\[0\].message.content"):
        guard_answer(
            relayed(OPENAI_CHAT, CHAT % (MAILED, b"null")), checks(*pii("email", action="deny")), tally("response")
        )


NOTE = {"type": "url_citation", "url_citation": {"url": "http://a", "title": f"of {MAIL}"}}


def test_citations_are_texts_too() -> None:
    made = guard_answer(translated(Text("x", annotations=(NOTE,)), Text("y")), checks(*pii("email")), tally())
    (first, second) = parts(made)
    assert isinstance(first, Text)
    assert first.annotations == ({"type": "url_citation", "url_citation": {"url": "http://a", "title": "of [EMAIL]"}},)
    assert second == Text("y")
    with pytest.raises(GuardrailDenied, match="annotations"):
        guard_answer(translated(Text("x", annotations=(NOTE,))), checks(*pii("email", action="deny")), tally())
    answer = relayed(OPENAI_CHAT, b'{"choices":[],"search_results":[{"title":"%s","n":1.0}]}' % MAILED)
    assert body(guard_answer(answer, checks(*pii("email")), tally())) == (
        b'{"choices":[],"search_results":[{"title":"[EMAIL]","n":1.0}]}'
    )
