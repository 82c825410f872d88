from datetime import datetime, timedelta

import pytest

from tornado_gateway.domain.ledger import LedgerQuery, LedgerTotal
from tornado_gateway.storage.ledger_query import Dialect, count, group_names, page, sort_key, totals, totals_of

from .conftest import AT

DAY = timedelta(days=1)
DIALECT = Dialect(mark="?", time=str, read={"tags": "tags::text"}, day="DAY", tag="TAG({})", exact_sum="SUM({})")


def test_no_value_is_part_of_the_text() -> None:
    query = LedgerQuery(since=AT, until=AT, key="it's", model="m", status=200, tags={"te'am": "a"})
    text, parameters = count(query, DIALECT)
    assert text == (
        "SELECT count(*) FROM gateway_ledger WHERE finished_at >= ? AND finished_at < ? AND key_id = ? AND model = ?"
        " AND status = ? AND TAG(?) = ?"
    )
    assert parameters == [str(AT), str(AT), "it's", "m", 200, "te'am", "a"]


def test_a_page_begins_behind_its_place() -> None:
    text, parameters = page(LedgerQuery(newest_first=True), DIALECT, (AT, "x"), 7)
    assert "WHERE (finished_at, id) < (?, ?) ORDER BY gateway_ledger.finished_at DESC, id DESC LIMIT ?" in text
    assert parameters == [str(AT), "x", 7]
    assert ", tags::text, receipt FROM" in text


@pytest.mark.parametrize(
    ("newest_first", "bounds", "condition"),
    [
        (False, {"since": AT - DAY, "until": AT + DAY}, "finished_at < ? AND (finished_at, id) > (?, ?)"),
        (False, {"since": AT + DAY}, "finished_at >= ? AND (finished_at, id) > (?, ?)"),
        (True, {"since": AT - DAY, "until": AT + DAY}, "finished_at >= ? AND (finished_at, id) < (?, ?)"),
        (True, {"until": AT}, "finished_at < ? AND (finished_at, id) < (?, ?)"),
    ],
)
def test_a_page_does_not_start_again_from_the_querys_own_bound(
    newest_first: bool, bounds: dict[str, datetime], condition: str
) -> None:
    text, parameters = page(LedgerQuery(newest_first=newest_first, **bounds), DIALECT, (AT, "x"), 7)
    assert f" WHERE {condition} ORDER BY " in text
    assert len(parameters) == condition.count("?") + 1


def test_parameters_stand_in_the_order_of_their_marks() -> None:
    text, parameters = totals(LedgerQuery(tags={"a": "b"}), ["tag:team", "day"], DIALECT)
    assert text.startswith("SELECT TAG(?), DAY, sum(")
    assert text.endswith(" WHERE TAG(?) = ? GROUP BY 1, 2")
    assert parameters == ["team", "a", "b"]


def test_groups() -> None:
    assert group_names(["day", "tag:day", "tag:"]) == ["day", "tag:day", "tag:"]
    with pytest.raises(ValueError, match="not grouped by 'tags'"):
        group_names(["key", "tags"])


def test_totals_are_sorted_with_nothing_first_and_an_empty_sum_is_none() -> None:
    records = [["b", 1, 0, 2, 3, "0.1", "0", 0], [None, 1, 1, 0, 0, "0", "0", 0], ["", 1, 0, 0, 0, "0", "0", 0]]
    found: list[LedgerTotal] = totals_of(records, 1)
    assert [total.group for total in found] == [(None,), ("",), ("b",)]
    assert found == sorted(found, key=sort_key)
    assert totals_of([[None, None, 0, 0, "0", "0", None]], 0) == []
