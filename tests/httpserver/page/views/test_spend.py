from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tornado_gateway.httpserver.page.views.spend import SERIES, requests_of, spend_view

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def figures(cost: Any = 0, **more: Any) -> dict[str, Any]:
    usual = {"requests": 1, "failed": 0, "prompt_tokens": 10, "completion_tokens": 2, "saved": 0, "unpriced": 0}
    return {**usual, "cost": cost, **more}


def document(
    groups: dict[str | None, dict[str, Decimal]],
    by: str = "model",
    others: dict[str, Decimal] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """As the API would answer: days and the total are the sums of what the groups have."""
    everything = [*groups.values(), *([others] if others else [])]
    days: dict[str, Decimal] = {}
    for each in everything:
        for day, cost in each.items():
            days[day] = days.get(day, Decimal(0)) + cost
    return {
        "since": "2026-11-22T12:00:00Z",
        "until": None,
        "currency": "USD",
        "by": [by],
        "groups": [{"group": {by: name}, **_group(each)} for name, each in groups.items()],
        "others": {"groups": 3, **_group(others)} if others else None,
        "days": [{"day": day, **figures(cost)} for day, cost in sorted(days.items())],
        "total": figures(sum(days.values(), Decimal(0))),
        **more,
    }


def _group(costs: dict[str, Decimal]) -> dict[str, Any]:
    days = [{"day": day, **figures(cost)} for day, cost in costs.items()]
    return {**figures(sum(costs.values(), Decimal(0))), "days": days}


def test_each_group_has_its_digits_its_share_and_its_calls() -> None:
    costs = {
        "openai/gpt-4": {"2026-11-23": Decimal("0.75")},
        None: {"2026-11-25": Decimal("0.24814")},
        "": {"2026-11-25": Decimal("0.00186")},
    }
    view = spend_view(document(costs), "cost", NOW)
    assert [(row.name, row.series, row.cost.text, row.share) for row in view.rows] == [
        ("openai/gpt-4", 1, "0.75", 750),
        ("(none)", 2, "0.24814", 248),
        ('""', 3, "0.00186", 2),
    ]
    assert [len(row.cost.text + row.cost.pad) for row in view.rows] == [7, 7, 7]
    assert (view.total.cost.text, view.total.share, view.heading) == ("1.00", 1000, "Model")
    assert view.rows[0].address == ("/admin/requests?provider=openai&model=gpt-4&since=2026-11-22T12%3A00%3A00Z")
    assert view.rows[1].address is None


def test_days_without_a_call_stand_between_those_with_one() -> None:
    view = spend_view(document({"a/b": {"2026-11-23": Decimal("0.5")}}), "cost", NOW)
    assert [(day.day, day.cells[0].text, day.cells[0].exact, day.total.text) for day in view.days.rows] == [
        ("2026-11-22", "0.00", "0", "0.00"),
        ("2026-11-23", "0.50", "0.5", "0.50"),
        ("2026-11-24", "0.00", "0", "0.00"),
        ("2026-11-25", "0.00", "0", "0.00"),
    ]
    until = document({"a/b": {"2026-11-23": Decimal(1)}}, until="2026-11-24T00:00:00Z")
    assert [day.day for day in spend_view(until, "cost", NOW).days.rows] == ["2026-11-22", "2026-11-23"]


def test_other_measures_are_counts() -> None:
    view = spend_view(document({"a/b": {"2026-11-25": Decimal(1)}}), "tokens", NOW)
    assert view.days.rows[-1].cells[0].text == "12"
    view = spend_view(document({"a/b": {"2026-11-25": Decimal(1)}}), "requests", NOW)
    assert view.days.rows[-1].total.text == "1"


def test_nothing_at_all() -> None:
    view = spend_view(document({}), "cost", NOW)
    assert (view.rows, view.days.rows, view.total.cost.text) == ((), (), "0.00")


def test_of_a_year_each_week_is_a_row() -> None:
    costs = {"2026-11-25": Decimal(1), "2026-11-23": Decimal("0.5"), "2025-11-26": Decimal(2)}
    days = spend_view(document({"a/b": costs}, since="2025-11-25T00:00:00Z"), "cost", NOW).days
    assert (days.unit, len(days.rows)) == ("week", 53)
    assert [(day.day, day.total.text) for day in (days.rows[0], days.rows[-1])] == [
        ("2025-11-24", "2.00"),
        ("2026-11-23", "1.50"),
    ]


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["2026-11-23", "2026-11-24"]),
            st.decimals(min_value=0, max_value=10**6, places=12, allow_nan=False),
            min_size=1,
        ),
        min_size=1,
        max_size=SERIES + 4,
    ),
    st.booleans(),
)
def test_the_columns_of_a_day_are_exactly_its_total(costs: list[dict[str, Decimal]], more: bool) -> None:
    groups: dict[str | None, dict[str, Decimal]] = {f"a/{index}": each for index, each in enumerate(costs)}
    others = {"2026-11-24": Decimal("0.000000000001")} if more else None
    view = spend_view(document(groups, others=others), "cost", NOW)
    assert view.days.rest == (more or len(costs) > SERIES)
    for day in view.days.rows:
        assert len(day.cells) == len(view.days.names)
        assert sum(Decimal(cell.exact) for cell in day.cells) == Decimal(day.total.exact)
    assert len(view.rows) == len(costs) + more


def test_where_the_calls_of_a_group_are() -> None:
    period = {"since": None, "until": None}
    assert requests_of("key", "team a&b", period) == "/admin/requests?key=team+a%26b"
    assert requests_of("tag:team", "x=y", period) == "/admin/requests?tag=team%3Dx%3Dy"
    assert requests_of("status", "502", period) == "/admin/requests?status=502"
    assert requests_of("model", None, period) is None
    heading = spend_view(document({"a": {"2026-11-25": Decimal(1)}}, by="tag:Team"), "cost", NOW).heading
    assert heading == "Team"
