from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tornado_gateway.domain.events import (
    AttemptAbandoned,
    AttemptFailed,
    BudgetThreshold,
    CircuitChanged,
    ConfigRejected,
    ConfigReloaded,
    CredentialRefused,
    GuardrailVerdict,
    KeysFetched,
    RequestFinished,
    RequestStarted,
    SpendingUnknown,
    StateChanged,
    WebhookSent,
)
from tornado_gateway.domain.money import Cost
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.observability.log_subscriber import LogSubscriber

NOW = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)


def test_a_finished_request_is_one_line_with_all_its_fields(
    records: list[Any], finished: Callable[..., RequestFinished]
) -> None:
    event = finished(
        streaming=True,
        requested_model="fast",
        route="fast",
        model="gpt-4o",
        attempts=2,
        time_to_first_token=0.25,
        principal="team-a",
        metadata={"note": "the caller's own"},
        finish_reason="stop",
    )
    LogSubscriber().handle([event])
    (record,) = records
    assert (record["message"], record["level"].name) == ("request finished", "INFO")
    assert record["extra"] == {
        "request_id": "r-1",
        "dialect": "openai_chat",
        "streaming": True,
        "route": "fast",
        "provider": "openai",
        "model": "gpt-4o",
        "requested_model": "fast",
        "status": 200,
        "error": None,
        "attempts": 2,
        "prompt_tokens": 12,
        "completion_tokens": 25,
        "cost": Decimal("0.00186"),
        "estimated": False,
        "duration_ms": 500.0,
        "upstream_ms": 498.5,
        "overhead_ms": 1.5,
        "ttft_ms": 250.0,
        "finish_reason": "stop",
        "principal": "team-a",
        "revision": "0123456789ab",
    }


def test_a_finished_request_goes_the_short_way_where_there_is_one(
    records: list[Any], finished: Callable[..., RequestFinished]
) -> None:
    told: list[RequestFinished] = []
    event = finished()
    LogSubscriber(told.append).handle([event])
    assert told == [event]
    assert records == []


@pytest.mark.parametrize(
    ("status", "error", "level"),
    [(400, "invalid_request", "INFO"), (499, "client_closed", "INFO"), (502, "upstream_failed", "WARNING")],
)
def test_failures(
    records: list[Any], finished: Callable[..., RequestFinished], status: int, error: str, level: str
) -> None:
    LogSubscriber().handle([finished(status=status, error=error, usage=None, cost=None)])
    (record,) = records
    assert record["level"].name == level
    assert record["extra"]["error"] == error
    assert record["extra"]["cost"] is record["extra"]["prompt_tokens"] is record["extra"]["ttft_ms"] is None
    assert record["extra"]["estimated"] is False


@pytest.mark.parametrize(
    ("usage", "cost"),
    [
        (TokenUsage(input=1, estimated=True), None),
        (TokenUsage(input=1), Cost(Decimal(1), estimated=True)),
    ],
)
def test_an_estimate_is_marked(
    records: list[Any], finished: Callable[..., RequestFinished], usage: TokenUsage, cost: Cost | None
) -> None:
    LogSubscriber().handle([finished(usage=usage, cost=cost)])
    assert records[0]["extra"]["estimated"] is True


def test_a_failed_attempt_warns_and_keeps_its_text_short(records: list[Any]) -> None:
    event = AttemptFailed("r-1", "fast", "openai", "gpt-4", 1, "upstream_failed", "x" * 10_000, True, "gpt-4")
    LogSubscriber().handle([event])
    (record,) = records
    assert (record["message"], record["level"].name) == ("attempt failed", "WARNING")
    assert record["extra"].pop("detail") == "x" * 500
    assert record["extra"] == {
        "request_id": "r-1",
        "route": "fast",
        "provider": "openai",
        "model": "gpt-4",
        "attempt": 1,
        "error": "upstream_failed",
        "will_retry": True,
    }


def test_configurations(records: list[Any]) -> None:
    LogSubscriber().handle(
        [
            ConfigReloaded("a", None, NOW),
            ConfigReloaded("b", "a", NOW, ("port needs a restart",)),
            ConfigRejected("c", ("gateway.yaml:3:1: routes: wrong",), NOW),
        ]
    )
    assert [record["level"].name for record in records] == ["INFO", "WARNING", "ERROR"]
    assert records[0]["extra"] == {"revision": "a", "previous": None, "notes": ()}
    assert records[1]["extra"] == {"revision": "b", "previous": "a", "notes": ("port needs a restart",)}
    assert records[2]["extra"] == {"revision": "c", "problems": ("gateway.yaml:3:1: routes: wrong",)}


def test_text_with_braces_is_no_format(records: list[Any], finished: Callable[..., RequestFinished]) -> None:
    LogSubscriber().handle([finished(requested_model="{0.__class__} {x}")])
    assert records[0]["extra"]["requested_model"] == "{0.__class__} {x}"


def test_a_start_is_no_line(records: list[Any]) -> None:
    LogSubscriber().handle([RequestStarted("r-1", "native", False)])
    assert records == []


def test_a_circuit_that_opens_warns(records: list[Any]) -> None:
    LogSubscriber().handle([CircuitChanged("p", 1, "open", "closed"), CircuitChanged("p", 1, "half_open", "open")])
    assert [(record["level"].name, record["message"]) for record in records] == [
        ("WARNING", "circuit open"),
        ("INFO", "circuit half open"),
    ]
    assert records[0]["extra"] == {"provider": "p", "endpoint": 1, "state": "open", "previous": "closed"}


def test_what_lost_a_race_is_told_with_its_price(records: list[Any]) -> None:
    lost = AttemptAbandoned(
        request_id="r-1",
        route="big",
        provider="openai",
        model="gpt-4",
        model_label="gpt-4",
        usage=TokenUsage(input=10, estimated=True),
        cost=Cost(Decimal("0.0003")),
        revision="r",
    )
    LogSubscriber().handle([lost])
    (record,) = records
    assert (record["extra"]["provider"], record["extra"]["cost"]) == ("openai", Decimal("0.0003"))


def test_what_became_of_a_call_in_the_cache(records: list[Any], finished: Callable[..., RequestFinished]) -> None:
    LogSubscriber().handle([finished(cache="hit"), finished()])
    assert [record["extra"].get("cache", "not told") for record in records] == ["hit", "not told"]


def test_who_was_turned_away_and_why(records: list[Any]) -> None:
    LogSubscriber().handle([CredentialRefused("r-1", "expired", "team-a")])
    (record,) = records
    assert (record["message"], record["level"].name) == ("caller turned away", "INFO")
    assert record["extra"] == {"request_id": "r-1", "reason": "expired", "principal": "team-a", "detail": None}


def test_keys_that_can_not_be_fetched_warn_and_those_of_the_store_are_told(records: list[Any]) -> None:
    LogSubscriber().handle([KeysFetched("issuer", 2), KeysFetched("issuer", 0, "the issuer can't be reached")])
    (record,) = records
    assert record["level"].name == "WARNING"
    assert record["extra"] == {"source": "issuer", "problem": "the issuer can't be reached", "count": 0}
    LogSubscriber().handle([KeysFetched("store", 3)])
    assert (records[1]["level"].name, records[1]["message"]) == ("INFO", "keys loaded")


def test_budgets_and_their_store(records: list[Any]) -> None:
    threshold = BudgetThreshold(
        subject="key team-a",
        percent=80,
        spent=Decimal("20.1"),
        amount=Decimal(25),
        period="month",
        time_zone="UTC",
        began=NOW,
        ends=NOW,
    )
    LogSubscriber().handle(
        [
            threshold,
            SpendingUnknown("key team-a", "month"),
            StateChanged(available=False, fail="closed"),
            StateChanged(available=True, fail="closed"),
            WebhookSent("budget_threshold", "a.example", 1, None),
            WebhookSent("budget_threshold", "a.example", 5, "status 500"),
        ]
    )
    assert [(record["message"], record["level"].name) for record in records] == [
        ("budget has reached a threshold", "WARNING"),
        ("the ledger can't be read: the budget counts from now, what was spent before is added later", "WARNING"),
        ("the store of limits and budgets is away: calls that are limited are turned away", "WARNING"),
        ("the store of limits and budgets is back", "INFO"),
        ("webhook told", "INFO"),
        ("webhook could not be told", "WARNING"),
    ]
    assert records[0]["extra"] == {
        "subject": "key team-a",
        "percent": 80,
        "spent": Decimal("20.1"),
        "amount": Decimal(25),
        "period": "month",
        "ends": "2026-01-15T10:30:00+00:00",
    }
    assert records[-1]["extra"] == {
        "event": "budget_threshold",
        "host": "a.example",
        "tries": 5,
        "failure": "status 500",
    }


def test_what_a_guardrail_found_is_told_without_its_words(records: list[Any]) -> None:
    def verdict(action: str, where: str) -> GuardrailVerdict:
        return GuardrailVerdict(
            request_id="req_1", route="gpt-4", rule="mails", action=action, direction="request", where=where, count=2
        )

    LogSubscriber().handle([verdict("redact", "messages[0].content"), verdict("failed_open", "status 500")])
    found, failed = records
    assert (found["level"].name, found["message"]) == ("INFO", "guardrail found something")
    assert found["extra"] == {
        "request_id": "req_1",
        "route": "gpt-4",
        "rule": "mails",
        "action": "redact",
        "direction": "request",
        "where": "messages[0].content",
        "count": 2,
    }
    assert (failed["level"].name, failed["message"]) == ("WARNING", "guardrail's hook gave no answer")
