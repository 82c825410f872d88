from tornado_gateway.domain.events import GuardrailVerdict
from tornado_gateway.observability.metrics import MetricsSubscriber


def verdict(action: str, direction: str = "request", count: int = 1) -> GuardrailVerdict:
    return GuardrailVerdict(
        request_id="req_1",
        route="gpt-4",
        rule="mails",
        action=action,
        direction=direction,
        where="messages[0].content",
        count=count,
    )


def test_calls_are_counted_by_rule_action_and_direction() -> None:
    metrics = MetricsSubscriber()
    metrics.handle([verdict("redact", count=3), verdict("redact"), verdict("deny", "response")])
    lines = [line for line in metrics.render()[0].decode().splitlines() if line.startswith("gateway_guardrail")]
    assert lines == [
        'gateway_guardrail_verdicts_total{action="redact",direction="request",rule="mails"} 2.0',
        'gateway_guardrail_verdicts_total{action="deny",direction="response",rule="mails"} 1.0',
    ]
