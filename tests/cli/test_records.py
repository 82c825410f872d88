import csv
import io
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornado_gateway.cli.records import COLUMNS, MissingLibrary, values_of, write_csv, write_jsonl, write_parquet
from tornado_gateway.domain.ledger import LedgerRow
from tornado_gateway.domain.money import EXACT
from tornado_gateway.domain.usage import TokenUsage

AT = datetime(2026, 1, 31, 12, 30, tzinfo=UTC)


def row(**changes: Any) -> LedgerRow:
    usual: dict[str, Any] = {
        "id": "a",
        "finished_at": AT,
        "request_id": "r-1",
        "key": "team-a",
        "route": "gpt-4",
        "provider": "openai",
        "model": "gpt-4",
        "status": 200,
        "usage": TokenUsage(12, 20, cached_input=3, reasoning=5),
        "cost": Decimal("0.00186"),
        "duration": 0.25,
        "tags": {"team": 'a "b"', "é": "\n"},
        "receipt": '{"revision":"b","total":0.10}',
    }
    return LedgerRow(**{**usual, **changes})


def as_csv(*rows: LedgerRow) -> list[dict[str, str]]:
    file = io.BytesIO()
    assert write_csv(rows, file) == len(rows)
    return list(csv.DictReader(io.StringIO(file.getvalue().decode(), newline="")))


def as_json(*rows: LedgerRow) -> list[dict[str, Any]]:
    file = io.BytesIO()
    assert write_jsonl(rows, file) == len(rows)
    return [json.loads(line, parse_float=Decimal) for line in file.getvalue().splitlines()]


def as_parquet(*rows: LedgerRow) -> Any:
    file = io.BytesIO()
    assert write_parquet(rows, file) == len(rows)
    return pyarrow.parquet.read_table(io.BytesIO(file.getvalue()))


def test_a_value_for_each_column() -> None:
    assert len(values_of(row())) == len(values_of(row(usage=None))) == len(COLUMNS)


def test_csv() -> None:
    (found,) = as_csv(row())
    assert list(found) == list(COLUMNS)
    assert (found["finished_at"], found["streaming"], found["status"]) == (
        "2026-01-31T12:30:00.000000Z",
        "false",
        "200",
    )
    assert (found["prompt_tokens"], found["cached_input"], found["audio_input"]) == ("15", "3", "")
    assert (found["cost"], found["saved"], found["duration"]) == ("0.00186", "", "0.25")
    assert json.loads(found["tags"]) == {"team": 'a "b"', "é": "\n"}


def test_no_cell_is_a_formula_that_a_caller_wrote() -> None:
    (found,) = as_csv(row(requested_model="=HYPERLINK(1)", model="@x", error="+1", finish_reason="-2", key="-team"))
    assert [found[name] for name in ("requested_model", "model", "error", "finish_reason", "key")] == [
        "'=HYPERLINK(1)",
        "'@x",
        "'+1",
        "'-2",
        "-team",
    ]


def test_json_lines() -> None:
    known, unknown = as_json(row(), row(usage=None, cost=None, receipt=None, tags={}))
    assert list(known) == list(unknown) == list(COLUMNS)
    assert (known["cost"], known["completion_tokens"], known["streaming"]) == (Decimal("0.00186"), 25, False)
    assert known["tags"] == {"team": 'a "b"', "é": "\n"}
    assert known["receipt"] == {"revision": "b", "total": Decimal("0.10")}
    assert known["finished_at"] == "2026-01-31T12:30:00.000000Z"
    assert (unknown["cost"], unknown["input"], unknown["receipt"], unknown["tags"]) == (None, None, None, {})


def test_parquet() -> None:
    table = as_parquet(row(), row(usage=None, cost=None, streaming=True))
    assert table.column_names == list(COLUMNS)
    known, unknown = table.to_pylist()
    assert (known["finished_at"], known["cost"], known["input"], known["duration"]) == (AT, "0.00186", 12, 0.25)
    assert (unknown["cost"], unknown["input"], unknown["estimated"], unknown["streaming"]) == (None, None, None, True)
    assert str(table.schema.field("finished_at").type) == "timestamp[us, tz=UTC]"


def test_nothing_has_a_head_all_the_same() -> None:
    file = io.BytesIO()
    assert write_csv([], file) == 0
    assert file.getvalue().decode() == ",".join(COLUMNS) + "\r\n"
    assert as_json() == []
    assert as_parquet().num_rows == 0


@given(st.decimals(0, 10**9, allow_nan=False, places=25))
def test_no_format_loses_a_digit(cost: Decimal) -> None:
    one = row(cost=EXACT.scaleb(cost, -3))
    (text,), (number,), table = as_csv(one), as_json(one), as_parquet(one)
    assert Decimal(text["cost"]) == Decimal(number["cost"]) == Decimal(table.to_pylist()[0]["cost"]) == one.cost
    assert "E" not in text["cost"]


def test_rows_are_taken_as_they_are_written() -> None:
    taken = 0

    def endless() -> Iterator[LedgerRow]:
        nonlocal taken
        while True:
            taken += 1
            yield row(id=uuid4().hex)

    class Full(io.BytesIO):
        def write(self, data: Any) -> int:
            if self.tell() > 100_000:
                raise OSError("full")
            return super().write(data)

    for write in (write_csv, write_jsonl, write_parquet):
        with pytest.raises(OSError, match="full"):
            write(endless(), Full())
    assert taken < 20_000


def test_a_library_that_is_not_there_is_told_by_the_extra_that_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingLibrary, match=r"pip install 'tornado-gateway\[parquet\]'"):
        write_parquet([row()], io.BytesIO())
