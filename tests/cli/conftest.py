"""A past to look at: two files over one ledger of SQLite, and rows in it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tornado_gateway.__main__ import main
from tornado_gateway.bootstrap import open_ledger
from tornado_gateway.config.build import load
from tornado_gateway.domain.ledger import Ledger, LedgerRow
from tornado_gateway.domain.usage import TokenUsage

OLD = """\
version: 1
ledger: {url: "sqlite:///%s"}
providers: {a: {kind: openai, api_key: k}, b: {kind: openai, api_key: k}}
routes:
  big: {provider: a}
  small: {provider: a}
  gone: {provider: a}
  free: {provider: a}
pricing:
  unit: per_1k_tokens
  currency: USD
  allow_unpriced: true
  models:
    a/big: {input: 0.03, output: 0.06}
    a/small: {input: 0.001, output: 0.002}
    b/tiny: {input: 0.0005, output: 0.001}
    a/gone: {input: 0.01, output: 0.01}
"""
CHANGES = (
    ("small: {provider: a}", "small: {provider: b, model: tiny}"),
    ("  gone: {provider: a}\n", ""),
    ("    a/gone: {input: 0.01, output: 0.01}\n", ""),
    ("input: 0.03", "input: 0.02"),
)


def today() -> datetime:
    """Its first moment: an hour ago may have been yesterday."""
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


@dataclass
class Past:
    """``old`` is the file of the time, ``new`` one that changes most that can be changed."""

    old: Path
    new: Path
    ledger: Ledger
    run: Callable[..., tuple[int, str, str]]
    """A command in this process: its exit code, its output and its complaints."""

    def add(self, asked: str = "big", **members: Any) -> None:
        """A call of 1,000 tokens in and out, today, at the prices of then; ``asked`` is what the caller asked for."""
        costs = {"big": "0.09", "small": "0.003", "gone": "0.02"}
        usual: dict[str, Any] = {
            "id": uuid4().hex,
            "finished_at": today(),
            "request_id": "r",
            "key": "team-a",
            "route": asked,
            "requested_model": asked,
            "provider": "a",
            "model": asked,
            "status": 200,
            "usage": TokenUsage(1000, 1000),
            "cost": Decimal(costs[asked]) if asked in costs else None,
        }
        self.ledger.append([LedgerRow(**{**usual, **members})])


@pytest.fixture
def past(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Past]:
    old, new = tmp_path / "old.yaml", tmp_path / "new.yaml"
    text = OLD % (tmp_path / "usage.db")
    old.write_text(text)
    for before, after in CHANGES:
        assert before in text
        text = text.replace(before, after)
    new.write_text(text)

    def run(*words: object) -> tuple[int, str, str]:
        code = main([str(word) for word in words])
        return code, *capsys.readouterr()

    ledger = open_ledger(load(old, {}))
    yield Past(old, new, ledger, run)
    ledger.close()
