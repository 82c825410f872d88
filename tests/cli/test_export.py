import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet
import pytest

from tornado_gateway.__main__ import main
from tornado_gateway.domain.ledger import LedgerRow
from tornado_gateway.storage.sqlite_ledger import SqliteLedger

AT = datetime(2026, 1, 31, tzinfo=UTC)
CONFIG = """\
version: 1
ledger: {url: "sqlite:///%s"}
providers: {echo: {kind: echo}}
routes: {echo4: {provider: echo}}
pricing: {unit: per_1k_tokens, currency: USD, models: {echo/echo4: {free: true}}}
"""


def row(number: int) -> LedgerRow:
    return LedgerRow(
        id=f"{number:06d}",
        finished_at=AT + timedelta(hours=number),
        request_id=f"r-{number}",
        route="echo4",
        provider="echo",
        model="echo4",
        status=200,
        cost=Decimal("0.1"),
    )


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration whose ledger has a row an hour, 50 of them."""
    file = tmp_path / "gateway.yaml"
    file.write_text(CONFIG % (tmp_path / "usage.db"))
    ledger = SqliteLedger(tmp_path / "usage.db")
    ledger.append([row(number) for number in range(50)])
    ledger.close()
    return file


@pytest.fixture
def export(config: Path) -> Callable[..., int]:
    return lambda *words: main(["export", "--config", str(config), *map(str, words)])


def test_csv_on_standard_output_and_nothing_else(
    export: Callable[..., int], capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert export() == 0
    out, err = capfdbinary.readouterr()
    found = list(csv.DictReader(io.StringIO(out.decode(), newline="")))
    assert [each["request_id"] for each in found] == [f"r-{number}" for number in range(50)]
    assert err == b""


def test_a_part_of_it(export: Callable[..., int], capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert export("--format", "jsonl", "--since", "2026-01-31T10:00", "--until", "2026-01-31T12:00") == 0
    lines = capfdbinary.readouterr().out.splitlines()
    assert [json.loads(line)["request_id"] for line in lines] == ["r-10", "r-11"]


def test_a_file_has_the_format_of_its_name(
    export: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a.parquet", "a.jsonl", "a.ndjson", "a.csv", "a.txt"):
        assert export("--output", tmp_path / name) == 0
        assert capsys.readouterr().err == f"wrote 50 rows to {tmp_path / name}\n"
    assert pyarrow.parquet.read_table(tmp_path / "a.parquet").num_rows == 50
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "a.ndjson").read_bytes()
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "a.txt").read_bytes()
    assert list(tmp_path.glob("*.part")) == []


def test_a_file_is_replaced_as_a_whole_or_not_at_all(
    export: Callable[..., int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "a.csv"
    output.write_text("what was there")
    (tmp_path / "usage.db").write_bytes(b"no database at all" * 1000)
    assert export("--output", output) == 1
    assert "file is not a database" in capsys.readouterr().err
    assert output.read_text() == "what was there"
    assert list(tmp_path.glob("*.part")) == []


def test_what_is_no_file_is_written_to(export: Callable[..., int]) -> None:
    assert export("--output", "/dev/null") == 0
    assert not Path("/dev/null").is_file()


def test_what_can_not_be_written_is_told(
    export: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export("--output", tmp_path / "nowhere" / "a.csv") == 1
    assert capsys.readouterr().err == f"can't write {tmp_path}/nowhere/a.csv: No such file or directory\n"
    with pytest.raises(SystemExit) as usage:
        export("--format", "parquet")
    assert usage.value.code == 2


def test_a_bad_file_and_a_ledger_that_is_not_there(
    export: Callable[..., int], config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "usage.db").unlink()
    assert export() == 1
    assert f"{tmp_path}/usage.db does not exist" in capsys.readouterr().err
    config.write_text(config.read_text().replace("ledger:", "lodger:"))
    assert export() == 1
    assert "did you mean 'ledger'" in capsys.readouterr().err


def test_a_reader_that_has_enough_is_no_trouble(config: Path, tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "usage.db")
    ledger.append([row(number) for number in range(50, 5000)])
    ledger.close()
    command = [sys.executable, "-m", "tornado_gateway", "export", "--config", str(config)]
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(
        command, env={**os.environ, "PYTHONPATH": str(root)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(b"id,finished_at,")
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(10) == 1
