import argparse
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tornado_gateway.cli.ledger import ledger_of, moment
from tornado_gateway.config.build import Loaded, parse
from tornado_gateway.config.schema import packaged_default
from tornado_gateway.domain.ledger import LedgerQuery, LedgerUnavailable


def loaded(url: str) -> Loaded:
    return parse(packaged_default().read_bytes(), Path("gateway.yaml"), {"LEDGER_URL": url})


def test_a_file_is_not_made_by_looking_for_it(tmp_path: Path) -> None:
    file = tmp_path / "usage.db"
    with pytest.raises(LedgerUnavailable, match=f"{file} does not exist"), ledger_of(loaded(f"sqlite:///{file}")):
        pass
    assert not file.exists()
    file.touch()
    with ledger_of(loaded(f"sqlite:///{file}")) as ledger:
        assert ledger.count(LedgerQuery()) == 0


def test_a_configuration_without_a_ledger_is_told_so() -> None:
    with pytest.raises(LedgerUnavailable, match="keeps no ledger"), ledger_of(loaded("none")):
        pass


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
        ("2026-01-31T12:30", datetime(2026, 1, 31, 12, 30, tzinfo=UTC)),
        ("2026-01-31T12:30:01.5Z", datetime(2026, 1, 31, 12, 30, 1, 500000, tzinfo=UTC)),
        ("2026-01-31T00:00+02:00", datetime(2026, 1, 30, 22, tzinfo=UTC)),
    ],
)
def test_moments(text: str, at: datetime) -> None:
    assert moment(text) == at
    assert moment(text).tzinfo is UTC


@pytest.mark.parametrize(("text", "age"), [("90m", timedelta(hours=1.5)), ("7d", timedelta(7)), ("2w", timedelta(14))])
def test_ages(text: str, age: timedelta) -> None:
    assert abs(datetime.now(UTC) - age - moment(text)) < timedelta(minutes=1)


@pytest.mark.parametrize("text", ["", "yesterday", "7", "7y", "2026-13-01", "999999w", "0001-01-01T00:00+14:00"])
def test_what_is_no_moment(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="2026-01-31"):
        moment(text)
