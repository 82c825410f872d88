"""What every ledger promises, over each of them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tornado_gateway.domain.ledger import Ledger, LedgerQuery, LedgerRefused, LedgerRow
from tornado_gateway.domain.money import EXACT
from tornado_gateway.domain.usage import TokenUsage

from .conftest import AT

MakeRow = Callable[..., LedgerRow]

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
COUNT = st.integers(0, 2**63 - 1)
MONEY = st.builds(
    lambda digits, places: Decimal(digits).scaleb(-places, EXACT), st.integers(0, 10**300 - 1), st.integers(-300, 300)
)
SECONDS = st.floats(0, 1e6)
USAGE = st.builds(
    TokenUsage,
    *[COUNT, COUNT, *[st.none() | COUNT] * 6],
    estimated=st.booleans(),
    images=st.none() | COUNT,
    service_tier=st.none() | TEXT,
)
ROWS = st.builds(
    LedgerRow,
    id=st.builds(lambda: uuid4().hex),
    finished_at=st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC)),
    request_id=TEXT,
    kind=st.sampled_from(["request", "abandoned", "mirror"]),
    key=st.none() | TEXT,
    route=TEXT,
    provider=TEXT,
    model=TEXT,
    requested_model=TEXT,
    dialect=TEXT,
    streaming=st.booleans(),
    status=st.integers(100, 599),
    error=st.none() | TEXT,
    attempts=st.integers(0, 100),
    usage=st.none() | USAGE,
    cost=st.none() | MONEY,
    saved=st.none() | MONEY,
    duration=SECONDS,
    time_to_first_token=st.none() | SECONDS,
    revision=TEXT,
    finish_reason=st.none() | TEXT,
    tags=st.dictionaries(TEXT, TEXT, max_size=4),
    receipt=st.none() | TEXT,
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(ROWS, min_size=1, max_size=4))
def test_a_row_comes_back_as_it_was_to_the_last_digit(ledger: Ledger, rows: list[LedgerRow]) -> None:
    ledger.append(rows)
    found = {row.id: row for row in ledger.rows(LedgerQuery(since=min(row.finished_at for row in rows)))}
    for row in rows:
        assert found[row.id] == row


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(costs=st.lists(st.none() | st.decimals(0, 10**6, allow_nan=False, places=30), max_size=12))
def test_totals_are_exact(ledger: Ledger, row: MakeRow, costs: list[Decimal | None]) -> None:
    name = uuid4().hex
    rows = [row(id=uuid4().hex, route=name, cost=cost, saved=cost) for cost in costs]
    ledger.append(rows)
    found = ledger.totals(LedgerQuery(route=name), [])
    exact = Decimal(0)
    for cost in costs:
        exact = EXACT.add(exact, cost or Decimal(0))
    assert [(total.group, total.requests, total.cost, total.saved) for total in found] == (
        [((), len(costs), exact, exact)] if costs else []
    )


def test_a_row_written_twice_is_there_once_and_as_it_was_first(ledger: Ledger, row: MakeRow) -> None:
    first = row()
    ledger.append([first, msgspec.structs.replace(first, status=500)])
    ledger.append([msgspec.structs.replace(first, status=501, finished_at=AT + timedelta(days=1)), row()])
    assert [found.status for found in ledger.rows(LedgerQuery())] == [200, 200]


@pytest.mark.parametrize("ledger", ["sqlite", "postgres"], indirect=True)
def test_all_or_none(ledger: Ledger, row: MakeRow) -> None:
    with pytest.raises(LedgerRefused):
        ledger.append([row(), row(usage=TokenUsage(2**63)), row()])
    assert ledger.count(LedgerQuery()) == 0
    ledger.append([row()])
    assert ledger.count(LedgerQuery()) == 1


def test_no_rows_at_all_ask_whether_it_is_there(ledger: Ledger) -> None:
    ledger.append([])
    assert list(ledger.rows(LedgerQuery())) == []
    assert ledger.totals(LedgerQuery(), ["key"]) == []
    assert ledger.count(LedgerQuery()) == 0


def test_pages_in_both_directions_over_equal_times(ledger: Ledger, row: MakeRow) -> None:
    rows = [row(finished_at=AT + timedelta(microseconds=number // 3)) for number in range(2500)]
    ledger.append(list(reversed(rows)))
    assert list(ledger.rows(LedgerQuery())) == rows
    assert list(ledger.rows(LedgerQuery(newest_first=True))) == rows[::-1]
    place = (rows[99].finished_at, rows[99].id)
    assert list(ledger.rows(LedgerQuery(after=place, limit=3))) == rows[100:103]
    assert list(ledger.rows(LedgerQuery(after=place, limit=3, newest_first=True))) == rows[98:95:-1]
    assert list(ledger.rows(LedgerQuery(limit=2100))) == rows[:2100]
    assert list(ledger.rows(LedgerQuery(limit=0))) == []
    assert ledger.count(LedgerQuery(limit=3, after=place)) == 2500, "a count is of all"


def test_a_page_is_not_disturbed_by_what_is_written_meanwhile(ledger: Ledger, row: MakeRow) -> None:
    ledger.append([row(finished_at=AT + timedelta(seconds=number)) for number in range(3000)])
    reading = ledger.rows(LedgerQuery())
    first = [next(reading) for _ in range(10)]
    ledger.append([row(finished_at=AT - timedelta(days=1)), row(finished_at=AT + timedelta(days=1))])
    rest = list(reading)
    assert len({found.id for found in first + rest}) == len(first + rest) == 3001


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, "abcd"),
        ({"since": AT + timedelta(hours=1)}, "bcd"),
        ({"until": AT + timedelta(hours=1)}, "a"),
        ({"since": (AT + timedelta(hours=1)).astimezone(timezone(timedelta(hours=-7)))}, "bcd"),
        ({"request_id": "r-b"}, "b"),
        ({"key": "team-b"}, "c"),
        ({"route": "fast"}, "b"),
        ({"provider": "groq", "model": "llama"}, "b"),
        ({"status": 429}, "d"),
        ({"tags": {"team": "a"}}, "ab"),
        ({"tags": {"team": "a", '$.it\'s "odd" [0]': "é%_"}}, "b"),
        ({"tags": {"te": "a"}}, ""),
        ({"tags": {"team": "a"}, "status": 200, "since": AT + timedelta(minutes=1)}, "b"),
    ],
)
def test_all_conditions_hold_at_once(ledger: Ledger, row: MakeRow, asked: dict[str, Any], found: str) -> None:
    hour = timedelta(hours=1)
    odd = {"team": "a", '$.it\'s "odd" [0]': "é%_"}
    ledger.append(
        [
            row(request_id="r-a", tags={"team": "a"}),
            row(request_id="r-b", finished_at=AT + hour, route="fast", provider="groq", model="llama", tags=odd),
            row(request_id="r-c", finished_at=AT + 2 * hour, key="team-b"),
            row(request_id="r-d", finished_at=AT + 3 * hour, status=429, key=None),
        ]
    )
    query = LedgerQuery(**asked)
    assert "".join(each.request_id[-1] for each in ledger.rows(query)) == found
    assert ledger.count(query) == len(found)
    assert sum(total.requests for total in ledger.totals(query, [])) == len(found)


def test_totals_by_whatever_rows_can_be_told_apart_by(ledger: Ledger, row: MakeRow) -> None:
    late = datetime(2026, 1, 31, 23, 59, 59, 999999, tzinfo=UTC)
    some = TokenUsage(10, 20, 1, 2, 3, 4, reasoning=5, audio_output=6)
    ledger.append(
        [
            row(usage=some, tags={"team": "a"}, finished_at=late, cost=Decimal("1E-41")),
            row(usage=some, tags={"team": "b"}, finished_at=late + timedelta(microseconds=1), key=None),
            row(usage=None, tags={"team": "a"}, status=502, cost=None, provider="groq"),
            row(kind="abandoned", status=499, usage=TokenUsage(7), cost=Decimal(3), saved=Decimal(1), tags={"x": "y"}),
        ]
    )

    def found(*by: str) -> list[tuple[Any, ...]]:
        return [
            (each.group, each.requests, each.failed, each.prompt_tokens, each.completion_tokens, each.cost, each.saved)
            for each in ledger.totals(LedgerQuery(), by)
        ]

    tiny = "0" * 35 + "1"
    assert found() == [((), 3, 1, 47, 62, Decimal(f"3.00186{tiny}"), 1)]
    assert found("day") == [
        (("2026-01-31",), 2, 1, 27, 31, Decimal(f"3.00000{tiny}"), 1),
        (("2026-02-01",), 1, 0, 20, 31, Decimal("0.00186"), 0),
    ]
    assert [line[:3] for line in found("key")] == [((None,), 1, 0), (("team-a",), 2, 1)]
    assert [line[:3] for line in found("tag:team")] == [((None,), 0, 0), (("a",), 2, 1), (("b",), 1, 0)]
    assert [line[:2] for line in found("status", "provider")] == [
        (("200", "openai"), 2),
        (("499", "openai"), 0),
        (("502", "groq"), 1),
    ]
    assert [line[:2] for line in found("route", "model")] == [(("gpt-4", "gpt-4"), 3)]
    with pytest.raises(ValueError, match="not grouped by 'colour'"):
        found("colour")


def test_pruning_takes_what_is_old_some_thousands_at_a_time(ledger: Ledger, row: MakeRow) -> None:
    ledger.append([row(finished_at=AT + timedelta(seconds=number)) for number in range(3000)])
    before = AT + timedelta(seconds=2500)
    deleted = []
    while not deleted or deleted[-1]:
        deleted.append(ledger.prune(before))
    assert sum(deleted) == 2500
    assert len(deleted) > 2
    assert next(iter(ledger.rows(LedgerQuery()))).finished_at == before
    assert ledger.count(LedgerQuery()) == 500


def test_a_closed_one_opens_again(ledger: Ledger, row: MakeRow) -> None:
    ledger.append([row()])
    ledger.close()
    ledger.append([row()])
    assert ledger.count(LedgerQuery()) == 2


def test_totals_tell_how_many_rows_have_no_price(ledger: Ledger, row: MakeRow) -> None:
    used: dict[str, Any] = {"usage": TokenUsage(1), "cost": None}
    ledger.append(
        [row(**used), row(**used, route="other"), row(usage=TokenUsage(1), cost=Decimal(0)), row(cost=None, status=502)]
    )
    found = {total.group: (total.requests, total.unpriced) for total in ledger.totals(LedgerQuery(), ["route"])}
    assert found == {("gpt-4",): (3, 1), ("other",): (1, 1)}
