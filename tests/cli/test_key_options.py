import argparse
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tornado_gateway.cli import key_options as options
from tornado_gateway.domain.quotas import Budget, Limits


def parsed(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(exit_on_error=False)
    options.add_options(parser)
    return parser.parse_args(["--id", "team-a", *arguments])


def test_what_was_not_said() -> None:
    args = parsed()
    assert (args.id, args.tag) == ("team-a", [])
    assert args.owner is args.model is args.budget is args.expires is None
    assert options.limits(args) is None


def test_what_was_said() -> None:
    args = parsed(
        *("--owner", "Ada L.", "--tag", "team=a", "--tag", "site=b=c", "--model", "gpt-*", "--model", "echo4"),
        *("--requests-per-minute", "60", "--tokens-per-minute", "100000", "--concurrent", "5"),
        *("--budget", "2.50/month", "--expires", "2999-01-31"),
    )
    assert (args.owner, args.tag, args.model) == ("Ada L.", [("team", "a"), ("site", "b=c")], ["gpt-*", "echo4"])
    assert options.limits(args) == Limits(60, 100000, 5)
    assert args.budget == Budget(Decimal("2.50"), "month")
    assert args.expires == datetime(2999, 1, 31, tzinfo=UTC)


def test_what_is_none_of_it_is_told_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    options.add_options(parser)
    with pytest.raises(SystemExit):
        parser.parse_args(["--id", "team-a", "--budget", "25/year"])
    assert "'25/year' is no budget: write 25/month" in capsys.readouterr().err
