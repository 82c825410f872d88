from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import NOW
from tornado_gateway.admin.parameters import Parameters
from tornado_gateway.domain.administration import Asked
from tornado_gateway.domain.errors import InvalidRequest

KNOWN = ("since", "limit", "by", "drift", "key")


def of(**given_: list[str]) -> Parameters:
    return Parameters(Asked("GET", "x", given_), KNOWN, NOW)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
        ("2026-01-31T12:30+02:00", datetime(2026, 1, 31, 10, 30, tzinfo=UTC)),
        ("90m", NOW - timedelta(minutes=90)),
        ("4w", NOW - timedelta(weeks=4)),
        ("", None),
    ],
)
def test_moments(text: str, at: datetime | None) -> None:
    assert of(since=[text]).moment("since") == at


def test_the_others() -> None:
    made = of(limit=["7"], by=["model,day", "key"], drift=["true"], key=["a"])
    assert made.number("limit", usual=1, most=10) == 7
    assert made.texts("by") == ["model", "day", "key"]
    assert made.flag("drift")
    assert made.text("key") == "a"
    nothing = of()
    assert nothing.number("limit", usual=1, most=10) == 1
    assert (nothing.texts("by"), nothing.flag("drift"), nothing.text("key")) == ([], False, None)


@pytest.mark.parametrize(
    "read",
    [
        lambda: of(limits=["1"]),
        lambda: of(limit=["0"]).number("limit", usual=1, most=10),
        lambda: of(limit=["11"]).number("limit", usual=1, most=10),
        lambda: of(limit=["\u0661"]).number("limit", usual=1, most=10),
        lambda: of(drift=["yes"]).flag("drift"),
        lambda: of(key=["a", "b"]).text("key"),
        lambda: of(key=["a\0"]).text("key"),
        lambda: of(key=["a" * 600]).text("key"),
        lambda: of(by=["\ud800"]).texts("by"),
        lambda: of(since=["yesterday"]).moment("since"),
        lambda: of(since=["999999w"]).moment("since"),
    ],
)
def test_what_is_refused_names_its_parameter(read: Any) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read()
    assert refused.value.param in {*KNOWN, "limits"}


@given(st.text(max_size=30))
def test_no_text_is_more_than_refused(text: str) -> None:
    made = of(since=[text], limit=[text], key=[text])
    for read in (lambda: made.moment("since"), lambda: made.number("limit", usual=1, most=5), lambda: made.text("key")):
        with suppress(InvalidRequest):
            read()
