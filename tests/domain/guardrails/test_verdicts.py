from tests.guarding import rule, verdicts
from tornado_gateway.domain.events import GuardrailVerdict
from tornado_gateway.domain.guardrails.verdicts import Tally


def test_finds_are_told_once_by_rule_and_action_with_the_first_place() -> None:
    tally, found = Tally("request"), rule("a", "flag", name="seen")
    tally.add(found, "flag", "messages[0].content")
    tally.add(found, "flag", "messages[1].content", 2)
    (verdict,) = verdicts(tally)
    assert verdict == GuardrailVerdict(
        request_id="req_1",
        route="gpt-4",
        rule="seen",
        action="flag",
        direction="request",
        where="messages[0].content",
        count=3,
    )
    assert verdicts(tally) == []


def test_a_refusal_names_rule_and_place() -> None:
    tally = Tally("request")
    error = tally.refuse(rule("a", "deny", name="no-a"), "messages[0].content")
    assert (error.status, error.code, error.type) == (400, "guardrail_denied", "invalid_request_error")
    assert error.param == "messages[0].content"
    said = "This is refused by the gateway's rules. (guardrail 'no-a' at messages[0].content)"
    assert error.message == said
    assert [(each.action, each.count) for each in verdicts(tally)] == [("deny", 1)]


def test_a_refusal_in_words_of_its_own() -> None:
    found = rule("a", "deny", message="Not here.")
    assert Tally("request").refuse(found, "").message == "Not here. (guardrail 'rule' at the call)"
    assert Tally("request").refuse(found, "", "Never.").message == "Never. (guardrail 'rule' at the call)"
    answered = Tally("response").refuse(found, "content[0].text")
    assert answered.message == "Not here. (guardrail 'rule' at the answer's content[0].text)"
