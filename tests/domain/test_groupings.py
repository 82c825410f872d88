from datetime import UTC, datetime

import pytest

from tornado_gateway.domain.groupings import NAMES, grouping, groups_of
from tornado_gateway.domain.ledger import LedgerRow

ROW = LedgerRow(
    id="1",
    finished_at=datetime(2026, 1, 31, 23, 59, tzinfo=UTC),
    request_id="r",
    key="team-a",
    route="fast",
    provider="openai",
    model="gpt-4",
    status=200,
    tags={"team": "a"},
)


def test_what_each_name_stands_for() -> None:
    assert groups_of(NAMES)(ROW) == ("openai/gpt-4", "team-a", "fast", "openai", "200", "2026-01-31")
    assert groups_of(["tag:team"])(ROW) == ("a",)
    assert groups_of(["tag:none", "key"])(ROW) == (None, "team-a")
    assert groups_of([])(ROW) == ()


@pytest.mark.parametrize(("name", "advice"), [("modl", "did you mean 'model'?"), ("tag:", "tag:NAME"), ("x", "day")])
def test_other_names_are_refused(name: str, advice: str) -> None:
    with pytest.raises(ValueError, match="no rows are told apart by") as refused:
        grouping(name)
    assert advice in str(refused.value)
