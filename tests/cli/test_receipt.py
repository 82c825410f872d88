import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.support import finished
from tornado_gateway.__main__ import main
from tornado_gateway.bootstrap import open_ledger
from tornado_gateway.config.build import build_prices, load
from tornado_gateway.domain.ledger import LedgerRow
from tornado_gateway.domain.money import Cost
from tornado_gateway.domain.pricing import price
from tornado_gateway.domain.receipt import decode, encode
from tornado_gateway.domain.rows import row_of
from tornado_gateway.domain.usage import TokenUsage

CONFIG = """\
version: 1
ledger: {url: "sqlite:///usage.db"}
providers: {openai: {kind: openai}}
routes: {gpt-4: {provider: openai}}
pricing:
  unit: per_1k_tokens
  currency: USD
  models:
    openai/gpt-4: {input: 0.03, output: 0.06, request: 0.005, batch: 0.5, tiers: [{above: 1000, input: 0.04}]}
"""
LINE = 9


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    file = tmp_path / "gateway.yaml"
    file.write_text(CONFIG)
    return file


@pytest.fixture
def keep(config: Path) -> Callable[..., LedgerRow]:
    """Puts a call into the ledger, priced by the file, and gives its row."""

    def keep_one(usage: TokenUsage | None = TokenUsage(1200, 250, service_tier="flex"), **members: Any) -> LedgerRow:  # noqa: B008 - frozen
        loaded = load(config, {})
        (card,) = build_prices(loaded.settings)
        cost = None if usage is None else price(usage, card)
        change = members.pop("change", lambda row: row)
        row: LedgerRow = change(
            row_of(finished(**{"usage": usage, "cost": cost, "revision": loaded.revision, **members}))
        )
        ledger = open_ledger(loaded)
        ledger.append([row])
        ledger.close()
        return row

    return keep_one


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(["receipt", *words])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_a_table_that_adds_up(keep: Callable[..., LedgerRow], capsys: pytest.CaptureFixture[str]) -> None:
    row = keep(principal="team-a")
    code, out, _ = run(capsys, "req_1")
    assert code == 0
    lines = [line.split() for line in out.splitlines()]
    assert lines[0] == ["request", "req_1,", "2024-01-15", "10:30:00", "UTC,", "status", "200"]
    assert lines[1] == ["route", "gpt-4,", "openai/gpt-4,", "key", "team-a"]
    assert ["input", "1,200", "0.04", "1,000", "tokens", "above", "1,000", "0.048"] in lines
    assert ["output", "250", "0.06", "1,000", "tokens", "above", "1,000", "0.015"] in lines
    assert ["request", "1", "0.005", "each", "0.005"] in lines
    assert ["batch", "x", "0.5", "the", "whole"] in lines
    assert ["total", "in", "USD", "0.034"] in lines
    assert out.endswith(
        f"by price row openai/gpt-4, line {LINE} of revision {row.revision}\n"
        f"it adds up\ngateway.yaml:{LINE}, revision {row.revision}, makes it the same\n"
    )


def test_json(keep: Callable[..., LedgerRow], capsys: pytest.CaptureFixture[str]) -> None:
    row = keep()
    code, out, _ = run(capsys, "req_1", "--format", "json")
    document = json.loads(out, parse_float=Decimal)
    (call,) = document["calls"]
    assert (code, document["ok"], call["differences"]) == (0, True, [])
    assert call["cost"] == call["recomputed"] == call["file"]["cost"] == Decimal("0.034")
    assert '"cost":0.034,' in out
    assert call["receipt"] == json.loads(row.receipt or "")
    assert (call["file"]["row"], call["file"]["line"]) == ("openai/gpt-4", LINE)
    assert (call["request_id"], call["finished_at"], call["saved"]) == ("req_1", "2024-01-15T10:30:00Z", None)


def test_the_file_may_have_changed_since(
    keep: Callable[..., LedgerRow], config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = keep()
    config.write_text("# a word more\n" + CONFIG)
    code, out, _ = run(capsys, "req_1")
    assert (code, f"gateway.yaml:{LINE + 1}, revision {row.revision}, makes it the same" in out) == (0, True)

    config.write_text(CONFIG.replace("0.06", "0.07"))
    code, out, _ = run(capsys, "req_1")
    now = load(config, {}).revision
    assert code == 1
    assert f"differs: price row openai/gpt-4 in line {LINE} makes it 0.03525 USD, not 0.034, but the file" in out
    assert f"{row.revision} -> {now}" in out
    assert "it adds up" not in out

    config.write_text(CONFIG.replace("openai/gpt-4:", "openai/gpt-5:").replace("gpt-4: {", "gpt-5: {"))
    code, out, _ = run(capsys, "req_1")
    assert (code, "has no price for it" in out) == (0, True)


def test_a_receipt_that_was_changed(keep: Callable[..., LedgerRow], capsys: pytest.CaptureFixture[str]) -> None:
    def cheaper(row: LedgerRow) -> LedgerRow:
        receipt = msgspec.structs.replace(decode(row.receipt or ""), total=Decimal("0.01"))
        return msgspec.structs.replace(row, receipt=encode(receipt), cost=Decimal("0.01"))

    keep(change=cheaper)
    code, out, _ = run(capsys, "req_1")
    assert code == 1
    assert "differs: the receipt does not add up: total: 0.034 USD, not 0.01\n" in out
    code, out, _ = run(capsys, "req_1", "--format", "json")
    assert (code, json.loads(out)["ok"]) == (1, False)


def test_calls_with_one_id_and_calls_without_a_cost(
    keep: Callable[..., LedgerRow], capsys: pytest.CaptureFixture[str]
) -> None:
    keep()
    keep(usage=None, status=502, error="upstream_failed")
    keep(usage=TokenUsage(5, estimated=True), requested_model="\x1b[31m")
    code, out, _ = run(capsys, "req_1")
    assert code == 0
    assert out.count("request req_1, ") == 3
    assert "status 502 (upstream_failed)" in out
    assert "no cost: nothing was used, or the model had no price" in out
    assert "of an estimated usage" in out


def test_free_and_cached(keep: Callable[..., LedgerRow], capsys: pytest.CaptureFixture[str]) -> None:
    keep(cost=Cost(Decimal(0)), change=lambda row: msgspec.structs.replace(row, saved=Decimal("0.034"), usage=None))
    code, out, _ = run(capsys, "req_1")
    assert code == 0
    assert "answered from the cache: 0.034 USD saved" in out


def test_many_calls_with_one_id(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    loaded = load(config, {})
    ledger = open_ledger(loaded)
    ledger.append([row_of(finished(usage=None, cost=None)) for _ in range(101)])
    ledger.close()
    code, out, _ = run(capsys, "req_1")
    assert (code, out.count("request req_1, ")) == (0, 100)
    assert out.endswith("and more: these are the 100 latest\n")


def test_an_id_that_nobody_knows(keep: Callable[..., LedgerRow], capsys: pytest.CaptureFixture[str]) -> None:
    keep()
    code, out, err = run(capsys, "req_2")
    assert (code, out) == (1, "")
    assert err.startswith("there is no request 'req_2' in sqlite:///usage.db")


def test_no_ledger_and_no_good_file(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "req_1")
    assert (code, "usage.db does not exist" in err) == (1, True)
    config.write_text(CONFIG.replace("sqlite:///usage.db", "none"))
    code, _, err = run(capsys, "req_1")
    assert (code, "keeps no ledger" in err) == (1, True)
    config.write_text(CONFIG.replace("0.03", "-1"))
    code, _, err = run(capsys, "req_1", "--config", str(config))
    assert (code, f"{config}:{LINE}" in err) == (1, True)
