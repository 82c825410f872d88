import argparse
from datetime import UTC, datetime, timedelta

import pytest

from tornado_gateway.cli.periods import add_period, moment

NOW = datetime(2026, 3, 31, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("30d", datetime(2026, 3, 1, 12, 30, tzinfo=UTC), None),
        ("12h", datetime(2026, 3, 31, 0, 30, tzinfo=UTC), None),
        ("2w", datetime(2026, 3, 17, 12, 30, tzinfo=UTC), None),
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)),
        ("2026-01-01T12:00Z", datetime(2026, 1, 1, 12, tzinfo=UTC), None),
        ("2026-01-01 12:00", datetime(2026, 1, 1, 12, tzinfo=UTC), None),
        ("2026-01-01T12:00:30+02:00", datetime(2026, 1, 1, 10, 0, 30, tzinfo=UTC), None),
    ],
)
def test_moments(text: str, start: datetime, end: datetime | None) -> None:
    assert moment(text, NOW) == start
    assert moment(text, NOW, end=True) == (end or start)
    assert moment(text, NOW).utcoffset() == timedelta(0)


@pytest.mark.parametrize("text", ["", "30", "30m", "-3d", "d", "yesterday", "2026-1-1", "20260101", "2026-01-01T"])
def test_what_is_no_time_says_what_is(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no time: say 30d, 12h or 2w ago"):
        moment(text, NOW)


@pytest.mark.parametrize("text", ["2026-02-30", "2026-01-01T25:00Z", "999999w"])
def test_times_that_no_calendar_has(text: str) -> None:
    with pytest.raises(ValueError, match="no time of the calendar"):
        moment(text, NOW)


def test_the_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    add_period(parser, since="30d")
    args = parser.parse_args(["--until", "2026-01-31"])
    assert args.until == datetime(2026, 2, 1, tzinfo=UTC)
    assert datetime.now(UTC) - args.since < timedelta(days=30, minutes=1)
    with pytest.raises(SystemExit) as ended:
        parser.parse_args(["--since", "soon"])
    assert ended.value.code == 2
    assert "argument --since: 'soon' is no time" in capsys.readouterr().err


def test_without_a_default_there_is_no_beginning() -> None:
    parser = argparse.ArgumentParser()
    add_period(parser)
    assert parser.parse_args([]).since is None
