from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tornado_gateway.config.schema import load_schema
from tornado_gateway.domain.keys import ID_FORM
from tornado_gateway.reports import key_members as members
from tornado_gateway.reports.key_members import Misread


def test_an_id_has_the_form_that_the_file_wants() -> None:
    assert load_schema()["$defs"]["key"]["properties"]["id"]["pattern"] == ID_FORM


@pytest.mark.parametrize(
    ("text", "seconds"), [("24h", 86400), ("30m", 1800), ("7d", 604800), ("2w", 1209600), ("0", 0)]
)
def test_spans(text: str, seconds: int) -> None:
    assert members.span(text) == timedelta(seconds=seconds)


def test_an_end_is_a_day_a_moment_or_a_span_from_now() -> None:
    assert members.expiry("2999-01-31T12:00+02:00") == datetime(2999, 1, 31, 10, tzinfo=UTC)
    assert abs(members.expiry("90d") - datetime.now(UTC) - timedelta(90)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("read", "text"),
    [
        *((members.key_id, text) for text in ("", "a b", "-a", "a\n", "ä", "x" * 129)),
        *((members.tag, text) for text in ("", "team", "=a", "team=", "te am=a", "team=a\nb")),
        *((members.model, text) for text in ("", "a*b", "**", "a b")),
        *((members.count, text) for text in ("", "0", "-1", "1.5", "many", "1000000001", "²")),
        *((members.budget, text) for text in ("", "25", "/month", "25/year", "0/day", "-1/day", "NaN/day", "9e9/day")),
        *((members.span, text) for text in ("", "1", "1y", "h", "-1h", "1.5h")),
        *((members.expiry, text) for text in ("", "soon", "2027-13-01", "2020-01-01", "0d", "2999-01-01T99:00")),
        *((members.text, text) for text in ("", "a\tb", "x" * 257)),
    ],
)
def test_what_is_none_of_it(read: Callable[[str], Any], text: str) -> None:
    with pytest.raises(Misread):
        read(text)
