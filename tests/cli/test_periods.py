import argparse
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tornado_gateway.cli.periods import add_period, heading
from tornado_gateway.config.build import parse
from tornado_gateway.config.schema import packaged_default
from tornado_gateway.domain.ledger import LedgerQuery


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_period(parser)
    return parser.parse_args(words)


def test_the_last_thirty_days_unless_somebody_says_otherwise() -> None:
    args = parsed()
    assert abs(datetime.now(UTC) - timedelta(days=30) - args.since) < timedelta(minutes=1)
    assert args.until is None
    args = parsed("--since", "2026-01-01T12:00Z", "--until", "2026-02-01")
    assert (args.since, args.until) == (datetime(2026, 1, 1, 12, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))


def test_what_is_no_time(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parsed("--since", "soon")
    assert ended.value.code == 2
    assert "argument --since: 'soon' is no time" in capsys.readouterr().err


def test_the_heading_tells_when_and_where_and_no_password() -> None:
    url = "postgresql://me:planted@db/usage"
    source = parse(packaged_default().read_bytes(), Path("f"), {"LEDGER_URL": url})
    since, until = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, 12, 30, tzinfo=UTC)
    assert heading(LedgerQuery(), source) == "calls, in postgresql://db/usage"
    assert heading(LedgerQuery(since=since, until=until), source) == (
        "calls since 2026-01-01 00:00 UTC until 2026-02-01 12:30 UTC, in postgresql://db/usage"
    )
