from decimal import Decimal
from typing import Any

import pytest

from tornado_gateway.httpserver.page.views.requests import address_of, fields, level, requests_view


def row(**changed: Any) -> dict[str, Any]:
    return {"request_id": "r-1", "cost": Decimal("0.00186"), "status": 200, **changed}


def document(*rows: dict[str, Any], following: str | None = None) -> dict[str, Any]:
    return {"requests": list(rows), "next": following}


def test_amounts_stand_point_under_point() -> None:
    view = requests_view(document(row(), row(cost=Decimal("12.5")), row(cost=None)), {})
    assert [call.cost.text for call in view.calls] == ["0.00186", "12.50", "\u2013"]
    assert [len(call.cost.pad) for call in view.calls] == [0, 3, 5]


def test_the_next_page_keeps_what_the_list_was_narrowed_to() -> None:
    asked = {"key": ["a&b"], "tag": ["team=x", "team=y"], "cursor": ["old"], "limit": ["50"]}
    view = requests_view(document(row(), following="n=="), asked)
    assert view.older == "/admin/requests?key=a%26b&tag=team%3Dx&tag=team%3Dy&cursor=n%3D%3D"
    assert view.newest == "/admin/requests?key=a%26b&tag=team%3Dx&tag=team%3Dy"
    last = requests_view(document(), {})
    assert (last.older, last.newest) == (None, None)


def test_each_filter_can_be_taken_away_alone() -> None:
    view = requests_view(document(), {"key": ["a"], "tag": ["team=x", "env=y"]})
    assert [(each.name, each.value) for each in view.narrowed] == [("key", "a"), ("tag", "team=x"), ("tag", "env=y")]
    assert view.narrowed[0].without == "/admin/requests?tag=team%3Dx&tag=env%3Dy"
    assert view.narrowed[1].without == "/admin/requests?key=a&tag=env%3Dy"
    held = fields({"key": ["a"], "tag": ["team=x", "env=y"]})
    assert (held["key"], held["tag"], held["route"]) == ("a", "team=x", "")


def test_a_span_of_time_is_one_step_away_and_says_whether_it_is_shown() -> None:
    view = requests_view(document(), {"since": ["24h"], "until": ["1h"], "model": ["gpt-4"]})
    assert view.spans[1] == ("/admin/requests?since=24h&model=gpt-4", "24 hours", True)
    assert [shown for _, _, shown in view.spans] == [False, True, False, False]


@pytest.mark.parametrize(("status", "wanted"), [(200, "good"), (404, "warn"), (499, "warn"), (502, "bad")])
def test_a_status_has_its_colour(status: int, wanted: str) -> None:
    assert level(status) == wanted


def test_no_id_leads_elsewhere() -> None:
    assert address_of("../a/b?c#d e%") == "/admin/requests/..%2Fa%2Fb%3Fc%23d%20e%25"
