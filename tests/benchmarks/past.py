"""A past for the benchmark of repricing: so many rows in a SQLite ledger, and what they come to under its prices."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from random import Random

from tornado_gateway.bootstrap import open_ledger
from tornado_gateway.config.build import load
from tornado_gateway.domain.ledger import LedgerRow
from tornado_gateway.domain.usage import TokenUsage

DAYS = 28
_BATCH = 10_000
_KEYS = 100
_RECEIPT = '{"lines":[%s]}' % ",".join(  # noqa: UP031 - braces are JSON's
    f'{{"bucket":"{name}","count":1234,"rate":"0.0001","per":1000}}' for name in ("input", "output", "cached_input")
)

CONFIG = """\
version: 1
ledger: {{url: "sqlite:///{ledger}"}}
providers: {{p: {{kind: openai, api_key: k}}}}
routes: {{plain: {{provider: p}}, tiered: {{provider: p}}, dated: {{provider: p}}, "wild-*": {{provider: p}}}}
pricing:
  unit: per_1k_tokens
  currency: USD
  models:
    p/plain: {{input: 0.03, output: 0.06, cached_input: 0.003}}
    p/tiered: {{input: 0.003, output: 0.015, tiers: [{{above: 4000, input: 0.006, output: 0.0225}}]}}
    p/dated:
      - {{input: 0.01, output: 0.03, valid_until: {change}}}
      - {{input: 0.02, output: 0.04, valid_from: {change}}}
    p/wild-*: {{input: 0.0005, output: 0.0015, batch: 0.5}}
"""


def write_config(folder: Path, change: datetime) -> Path:
    """A gateway.yaml in ``folder`` whose dated price changes at ``change``."""
    path = folder / "gateway.yaml"
    moment = f"{change:%Y-%m-%dT%H:%M:%SZ}"
    path.write_text(CONFIG.format(ledger=folder / "usage.db", change=moment))
    return path


def fill(config: Path, number: int, change: datetime) -> Fraction:
    """Writes ``number`` rows into the ledger of ``config``; what they cost under its prices, reckoned apart."""
    ledger = open_ledger(load(config, {}))
    expected = Fraction(0)
    batch: list[LedgerRow] = []
    for row, cost in _rows(number, change):
        expected += cost
        batch.append(row)
        if len(batch) == _BATCH:
            ledger.append(batch)
            batch = []
    ledger.append(batch)
    ledger.close()
    return expected


def _rows(number: int, change: datetime) -> Iterator[tuple[LedgerRow, Fraction]]:
    chance = Random(7)
    start = datetime.now(UTC) - timedelta(days=DAYS)
    step = timedelta(days=DAYS) / max(1, number)
    for place in range(number):
        at = start + place * step
        failed = place % 50 == 0
        kind = ("plain", "tiered", "dated", "wild")[place % 4]
        prompt, cached, completion = chance.randrange(8000), chance.randrange(500), chance.randrange(2000)
        batch = kind == "wild" and place % 8 == 3
        usage = TokenUsage(prompt, completion, cached_input=cached, service_tier="batch" if batch else None)
        cost = Fraction(0) if failed else _cost(kind, prompt, cached, completion, after=at >= change, batch=batch)
        row = LedgerRow(
            id=f"{place:016x}",
            finished_at=at,
            request_id=f"req_{place:016x}",
            key=f"team-{place % _KEYS}",
            route="wild-*" if kind == "wild" else kind,
            provider="p",
            model=f"wild-{place % 97}" if kind == "wild" else kind,
            requested_model=f"wild-{place % 97}" if kind == "wild" else kind,
            dialect="openai.chat",
            status=502 if failed else 200,
            usage=None if failed else usage,
            cost=None if failed else Decimal("0.01234567"),
            time_to_first_token=0.25,
            revision="0123456789ab",
            finish_reason="stop",
            tags={"team": f"t{place % 10}", "job": "nightly"},
            receipt=None if failed else _RECEIPT,
        )
        yield row, cost


def _cost(kind: str, prompt: int, cached: int, completion: int, *, after: bool, batch: bool) -> Fraction:
    """In millionths of a USD, as the file above says it, by hand."""
    match kind:
        case "plain":
            millionths = Fraction(prompt * 30 + cached * 3 + completion * 60)
        case "tiered":
            long = prompt + cached > 4000
            millionths = (prompt + cached) * (Fraction(6) if long else Fraction(3)) + completion * (
                Fraction(45, 2) if long else 15
            )
        case "dated":
            millionths = Fraction((prompt + cached) * (20 if after else 10) + completion * (40 if after else 30))
        case _:
            millionths = ((prompt + cached) * Fraction(1, 2) + completion * Fraction(3, 2)) / (2 if batch else 1)
    return millionths / 10**6
