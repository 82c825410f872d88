import argparse
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tornado_gateway.cli import key_options as options
from tornado_gateway.config.schema import load_schema
from tornado_gateway.domain.keys import ID_FORM
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


def test_an_id_has_the_form_that_the_file_wants() -> None:
    assert load_schema()["$defs"]["key"]["properties"]["id"]["pattern"] == ID_FORM


@pytest.mark.parametrize(
    ("text", "seconds"), [("24h", 86400), ("30m", 1800), ("7d", 604800), ("2w", 1209600), ("0", 0)]
)
def test_spans(text: str, seconds: int) -> None:
    assert options.span(text) == timedelta(seconds=seconds)


def test_an_end_is_a_day_a_moment_or_a_span_from_now() -> None:
    assert options.expiry("2999-01-31T12:00+02:00") == datetime(2999, 1, 31, 10, tzinfo=UTC)
    assert abs(options.expiry("90d") - datetime.now(UTC) - timedelta(90)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("read", "text"),
    [
        *((options.key_id, text) for text in ("", "a b", "-a", "a\n", "ä", "x" * 129)),
        *((options.tag, text) for text in ("", "team", "=a", "team=", "te am=a", "team=a\nb")),
        *((options.model, text) for text in ("", "a*b", "**", "a b")),
        *((options.count, text) for text in ("", "0", "-1", "1.5", "many", "1000000001", "²")),
        *((options.budget, text) for text in ("", "25", "/month", "25/year", "0/day", "-1/day", "NaN/day", "9e9/day")),
        *((options.span, text) for text in ("", "1", "1y", "h", "-1h", "1.5h")),
        *((options.expiry, text) for text in ("", "soon", "2027-13-01", "2020-01-01", "0d", "2999-01-01T99:00")),
        *((options.text, text) for text in ("", "a\tb", "x" * 257)),
    ],
)
def test_what_is_none_of_it(read: Callable[[str], Any], text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        read(text)
