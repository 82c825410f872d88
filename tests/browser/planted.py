"""A gateway's file and weeks of its calls, as if they had been made: many models, keys and tags, and hostile names."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from tests.support import finished
from tornado_gateway.domain.ledger import LedgerRow
from tornado_gateway.domain.money import PriceCard
from tornado_gateway.domain.pricing import price
from tornado_gateway.domain.rows import row_of
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.storage.sqlite_ledger import SqliteLedger

TOKEN = "planted-0123456789abcdef0123456789abcdef"

HOSTILE = "<script>alert('1')</script>\"'&amp;"
LONG = "a-name-of-many-letters-" * 13
RIGHT_TO_LEFT = "\u202e\u05de\u05d5\u05d3\u05dc \u05d0\u05d7\u05d3"

FILE = f"""\
version: 1
server: {{host: 127.0.0.1, port: 0}}
admin: {{token: "{TOKEN}", write: WRITE}}
LEDGER
auth:
  required: false
  store: STORE
  keys:
    - {{id: team-search, sha256: "{"0f" * 32}", tags: {{team: search}}, budget: {{amount: 250, period: month}}}}
    - {{id: team-support, sha256: "{"1f" * 32}", models: ["gpt-*"], tags: {{team: support}}, expires: 2020-01-01}}
providers:
  echo: {{kind: echo}}
  openai: {{kind: openai, max_retries: 0, base_url: "http://127.0.0.1:9/v1", api_key: sk-planted-openai}}
  anthropic: {{kind: anthropic, max_retries: 0, base_url: "http://127.0.0.1:9", api_key: sk-planted-anthropic}}
  groq: {{kind: openai_compatible, vendor: groq, api_key: ""}}
routes:
  echo4: {{provider: echo}}
  gpt-6.1-sol: {{provider: openai, fallbacks: [claude-opus-5-5]}}
  gpt-6-luna: {{provider: openai}}
  claude-opus-5-5: {{provider: anthropic, fallbacks: [{{route: gpt-6-luna, on: [context_length]}}]}}
  fast:
    strategy: weighted
    targets:
      - {{provider: openai, model: gpt-6-luna, weight: 3}}
      - {{provider: groq, model: llama-5-70b, weight: 1}}
    fallbacks: [gpt-6.1-sol, echo4]
  "gpt-*": {{provider: openai}}
pricing:
  unit: per_1k_tokens
  currency: USD
  models:
    echo/echo4: {{input: 0.03, output: 0.06}}
    openai/gpt-6.1-sol: {{input: 0.00125, output: 0.01, cached_input: 0.000125, source: "https://openai.com/api/pricing",
                          review_by: 2020-01-01}}
    openai/gpt-6-luna: {{input: 0.00015, output: 0.0006, review_by: 2099-01-01}}
    openai/gpt-*: {{input: 0.01, output: 0.02}}
    anthropic/claude-opus-5-5:
      - {{input: 0.015, output: 0.075, valid_until: 2025-12-31}}
      - {{input: 0.005, output: 0.025, cached_input: 0.0005, valid_from: 2026-01-01}}
    groq/llama-5-70b: {{input: 0.00059, output: 0.00079}}
"""

LAST_ROUTE = '  "gpt-*": {provider: openai}\n'

MORE_ROUTES = f"""\
  smart:
    targets: [{{provider: anthropic, model: claude-opus-5-5}}, {{provider: openai, model: gpt-6.1-sol}}]
    fallbacks: [{{route: fast, on: [context_length, rejected]}}, gpt-6-luna, echo4]
    mirror: {{route: gpt-6-luna, percent: 5}}
  "{LONG}": {{provider: echo, model: echo4, fallbacks: [smart]}}
  "<b>bold</b>": {{provider: echo, model: echo4, fallbacks: [smart]}}
"""


def _card(row: str, given: str, made: str) -> PriceCard:
    return PriceCard(row, Decimal(given), Decimal(made))


_MODELS = (
    ("gpt-6.1-sol", "openai", "gpt-6.1-sol", _card("openai/gpt-6.1-sol", "0.00125", "0.01"), 9),
    ("gpt-6-luna", "openai", "gpt-6-luna", _card("openai/gpt-6-luna", "0.00015", "0.0006"), 14),
    ("claude-opus-5-5", "anthropic", "claude-opus-5-5", _card("anthropic/claude-opus-5-5", "0.005", "0.025"), 6),
    ("fast", "groq", "llama-5-70b", _card("groq/llama-5-70b", "0.00059", "0.00079"), 8),
    ("echo4", "echo", "echo4", _card("echo/echo4", "0.03", "0.06"), 1),
    ("gpt-*", "openai", HOSTILE, _card("openai/gpt-*", "0.01", "0.02"), 1),
    ("gpt-*", "openai", LONG, _card("openai/gpt-*", "0.01", "0.02"), 1),
    ("gpt-*", "openai", RIGHT_TO_LEFT, _card("openai/gpt-*", "0.01", "0.02"), 1),
)
_KEYS = (("team-search", "search"), ("team-support", "support"), ("batch-nightly", "data"), (None, None))


def written(folder: Path, *, write: bool = True, ledger: bool = True) -> str:
    """``FILE``, with its ledger in ``folder``."""
    line = f'ledger: {{url: "sqlite:///{folder}/usage.db", flush_interval: 0.05}}' if ledger else "ledger: {url: none}"
    return FILE.replace("LEDGER", line).replace("STORE", str(ledger).lower()).replace("WRITE", str(write).lower())


def plant(folder: Path, *, days: int = 40) -> None:
    """Always the same calls, the last of them of a minute ago."""
    dice, now = random.Random(4), datetime.now(UTC)
    ledger = SqliteLedger(folder / "usage.db")
    ledger.append([row for day in range(days) for row in _day(day, now, dice)])
    ledger.close()


def _day(day: int, now: datetime, dice: random.Random) -> list[LedgerRow]:
    rows = []
    busy = 0.35 if (now - timedelta(days=day)).weekday() >= 5 else 1.0
    for each in _MODELS:
        route, provider, model, card, often = each
        for index in range(max(1, round(often * busy * dice.uniform(0.6, 1.4)))):
            key, team = dice.choice(_KEYS)
            at = now - timedelta(days=day, minutes=1 + 9 * index * dice.random())
            usage = TokenUsage(dice.randint(40, 60_000), dice.randint(10, 3_000))
            failed = dice.random() < 0.06
            rows.append(
                row_of(
                    finished(
                        request_id=f"req_{day:02}{index:02}_{_MODELS.index(each)}",
                        route=route,
                        provider=provider,
                        model=model,
                        model_label=model[:40],
                        requested_model=route if route != "gpt-*" else model,
                        status=502 if failed else 200,
                        error="upstream_failed" if failed else None,
                        usage=None if failed else usage,
                        cost=None if failed else price(usage, card),
                        duration=dice.uniform(0.2, 9.0),
                        principal=key,
                        tags={"team": team, "feature": dice.choice(["chat", "summary", HOSTILE])} if team else {},
                        finished_at=at,
                        streaming=dice.random() < 0.5,
                    )
                )
            )
    return rows
