"""docs/observability.md against what it tells of."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from tornado_gateway.config.build import load
from tornado_gateway.config.schema import load_schema, packaged_default
from tornado_gateway.observability import call_lines, log_subscriber
from tornado_gateway.observability.captured_messages import LIMIT
from tornado_gateway.observability.ledger_metrics import LedgerFamilies
from tornado_gateway.observability.metrics import MetricsSubscriber

PAGE = (Path(__file__).parents[2] / "docs" / "observability.md").read_text()


def test_every_metric_is_on_it_and_no_other() -> None:
    metrics = MetricsSubscriber()
    figures = SimpleNamespace(rows={}, waiting=0, journaled=0, failures=0, up=True)
    metrics.register(LedgerFamilies(lambda: cast(Any, figures)))
    shown = set(re.findall(r"^# TYPE (gateway_\w+) ", metrics.render()[0].decode(), re.MULTILINE))
    told = set(re.findall(r"^\|[^|]*\|", PAGE.partition("## Metrics")[2], re.MULTILINE))
    assert {name for row in told for name in re.findall(r"`(gateway_\w+)`", row)} == shown


def test_its_messages_are_the_logs() -> None:
    written = Path(log_subscriber.__file__).read_text() + Path(call_lines.__file__).read_text()
    table = PAGE.partition("## The log")[2].partition("## Metrics")[0]
    for row in re.findall(r"^\| (`[^|]*`) \|", table, re.MULTILINE):
        for message in re.findall(r"`([^`]*)`", row):
            assert message.removeprefix("circuit ") in written.replace('"circuit "', "open half open closed"), message


def test_its_section_is_a_good_one_and_says_every_key(tmp_path: Path) -> None:
    section = PAGE.partition("```yaml\n")[2].partition("```")[0]
    path = tmp_path / "gateway.yaml"
    path.write_text(packaged_default().read_text() + "\n" + section)
    otel = load(path, {}).settings.otel
    assert otel.endpoint == "http://127.0.0.1:4318"
    keys = re.findall(r"^  (\w+):", section, re.MULTILINE)
    assert keys == list(load_schema()["properties"]["otel"]["properties"])
    assert f"{LIMIT:,} characters" in PAGE
