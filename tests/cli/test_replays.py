import argparse
from pathlib import Path

import pytest

from tests.cli.conftest import Past
from tornado_gateway.cli.replays import add_ledger_from, replay
from tornado_gateway.config.build import load
from tornado_gateway.domain.ledger import LedgerQuery, LedgerRow, LedgerUnavailable


def test_every_row_of_the_query_in_its_order(past: Past) -> None:
    for number in range(3):
        past.add(id=str(number), key="team-b" if number else "team-a")
    rows: list[LedgerRow] = []
    replay(load(past.old, {}), LedgerQuery(key="team-b"), rows.append, "replaying")
    assert [row.id for row in rows] == ["1", "2"]


def test_a_ledger_that_is_not_there(past: Past) -> None:
    with pytest.raises(LedgerUnavailable, match="does not exist"):
        replay(load(past.new, {}), LedgerQuery(), lambda row: None, "replaying")


def test_the_argument() -> None:
    parser = argparse.ArgumentParser()
    add_ledger_from(parser, "NEW")
    assert parser.parse_args([]).ledger_from is None
    assert parser.parse_args(["--ledger-from", "x.yaml"]).ledger_from == Path("x.yaml")
