"""The gateway.yaml that the benchmark and the soak run on."""

from decimal import Decimal
from pathlib import Path

OUTPUT_PRICE = Decimal("0.06")
"""USD for 1,000 tokens."""

KEY = "sk-double-Qm3xT7vLw0ZrYpE5uKcN8sJhBd2fGaV6iXo4R9t1Wy"
"""As long as keys are: what a provider says is looked through for it, and shorter ones take longer to rule out."""


_GUARDRAILS = """\
guardrails:
  mails: {match: {pii: [email]}, action: redact}
  phones: {match: {pii: [phone]}, action: redact}
  money: {match: {pii: [card, iban]}}
  secrets: {match: {pii: [secret]}}
  words: {match: {regex: '(?i)project\\s+(?:falcon|heron)'}, action: flag}
global_guardrails: [mails, phones, money, secrets, words]
"""


def gateway_yaml(
    upstream_port: int,
    input_price: Decimal = Decimal("0.03"),
    ledger: str = "none",
    receiver_port: int | None = None,
    *,
    guarded: bool = False,
) -> str:
    """Everything on: logging at INFO as JSON, metrics, and one priced route to the upstream double."""
    otel = "" if receiver_port is None else f'otel: {{endpoint: "http://127.0.0.1:{receiver_port}"}}\n'
    return f"""\
version: 1
server: {{host: 127.0.0.1}}
log: {{level: INFO, format: json}}
ledger: {{url: "{ledger}"}}
{otel}{_GUARDRAILS if guarded else ""}providers:
  echo: {{kind: echo}}
  openai: {{kind: openai, base_url: "http://127.0.0.1:{upstream_port}/v1", api_key: {KEY}}}
routes:
  echo4: {{provider: echo}}
  gpt-4: {{provider: openai}}
  "gpt-*": {{provider: openai}}
pricing:
  unit: per_1k_tokens
  currency: USD
  models:
    echo/echo4: {{free: true}}
    openai/gpt-4: {{input: {input_price}, output: {OUTPUT_PRICE}}}
    openai/gpt-*: {{input: 0.01, output: 0.03}}
"""


def write_config(
    folder: Path,
    upstream_port: int,
    *,
    ledger: bool = False,
    receiver_port: int | None = None,
    guarded: bool = False,
) -> Path:
    """A gateway.yaml in ``folder``, and where it is wanted a ledger of SQLite beside it."""
    more = ("-ledger" if ledger else "") + ("" if receiver_port is None else "-otel") + ("-rules" if guarded else "")
    path = folder / f"gateway{more}.yaml"
    url = f"sqlite:///{path.with_suffix('.db')}" if ledger else "none"
    path.write_text(gateway_yaml(upstream_port, ledger=url, receiver_port=receiver_port, guarded=guarded))
    return path
