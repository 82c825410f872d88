import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast

import hypothesis.strategies as st
from hypothesis import given
from loguru import logger

from tests.support import finished
from tornado_gateway.domain.events import RequestFinished
from tornado_gateway.domain.money import Cost
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.observability.call_lines import MESSAGE, CallLines, fields_of, level_of
from tornado_gateway.observability.lines import json_line
from tornado_gateway.observability.redact import redact

AT = datetime(2026, 1, 15, 10, 30, 0, 123456, tzinfo=UTC)

texts = st.text(max_size=30) | st.sampled_from(["100 %s", "%(x)s", "sk-planted0123456789abcdef", "\x1a", "1970-01-01"])
seconds = st.floats(0, 1e6)
counts = st.integers(0, 2**40)
usages = st.none() | st.builds(TokenUsage, counts, counts, reasoning=st.none() | counts, estimated=st.booleans())
costs = st.none() | st.builds(Cost, st.decimals(0, 10**6, allow_nan=False, places=12), estimated=st.booleans())


@st.composite
def ends(draw: st.DrawFn) -> RequestFinished:
    own = st.from_regex(r"[A-Za-z0-9._-]{1,128}", fullmatch=True) | st.just("sk-planted0123456789abcdef")
    return finished(
        request_id=draw(own),
        dialect=draw(texts),
        streaming=draw(st.booleans()),
        route=draw(texts),
        model=draw(texts),
        requested_model=draw(texts),
        status=draw(st.integers(100, 599)),
        error=draw(st.none() | texts),
        attempts=draw(st.integers(0, 9)),
        usage=draw(usages),
        cost=draw(costs),
        duration=draw(seconds),
        upstream=draw(seconds),
        overhead=draw(seconds),
        time_to_first_token=draw(st.none() | seconds),
        finish_reason=draw(st.none() | texts),
        principal=draw(st.none() | texts),
        cache=draw(st.none() | st.sampled_from(["hit", "miss"])),
    )


def long_way(event: RequestFinished, extra: dict[str, Any], at: datetime = AT) -> str:
    level = logger.level(level_of(event))
    fields = {**extra, **fields_of(event)}
    record = {"time": at, "level": level, "message": MESSAGE, "extra": fields, "exception": None}
    return redact(json_line(cast(Any, record)))


@given(st.lists(ends(), min_size=1, max_size=3), st.sampled_from([{}, {"worker": 2}]))
def test_the_short_way_makes_the_line_of_the_long_one(events: list[RequestFinished], extra: dict[str, Any]) -> None:
    lines = CallLines(extra)
    for event in events * 2:
        made = lines.line(event, AT)
        assert made == long_way(event, extra)
        assert "sk-planted0123456789abcdef" not in made
        json.loads(made)


def test_a_whole_second_has_no_fraction() -> None:
    at = AT.replace(microsecond=0)
    assert CallLines({}).line(finished(), at) == long_way(finished(), {}, at)


def test_money_has_all_its_digits() -> None:
    event = finished(cost=Cost(Decimal("0.00000000000000000186")))
    assert '"cost":0.00000000000000000186,' in CallLines({}).line(event, AT)


def test_levels() -> None:
    assert [level_of(finished(status=status)) for status in (200, 499, 500)] == ["INFO", "INFO", "WARNING"]
