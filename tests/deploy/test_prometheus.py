"""Rules and dashboard: promtool's own judgement, and no metric in them that the gateway does not export."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.end_to_end.metrics import exported

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
RULES = DEPLOY / "prometheus" / "rules.yaml"
DASHBOARD = DEPLOY / "grafana" / "dashboards" / "tornado-gateway.json"
_METRIC = re.compile(r"(?<![\w:])gateway_[a-z_]+")
_SERIES = re.compile(r"_(bucket|count|sum)\Z")


def promtool(*arguments: str) -> None:
    tool = shutil.which("promtool")
    if tool is None:
        pytest.skip("promtool is not here")
    done = subprocess.run([tool, *arguments], capture_output=True, text=True, cwd=RULES.parent)
    assert done.returncode == 0, done.stdout + done.stderr


def test_promtool_takes_the_rules() -> None:
    promtool("check", "rules", RULES.name)


def test_the_rules_fire_when_they_should_and_only_then() -> None:
    promtool("test", "rules", "rules_test.yaml")


def test_promtool_takes_the_configuration(tmp_path: Path) -> None:
    text = (DEPLOY / "prometheus" / "prometheus.yaml").read_text()
    (tmp_path / "prometheus.yaml").write_text(text.replace("/etc/prometheus/rules.yaml", str(RULES)))
    promtool("check", "config", str(tmp_path / "prometheus.yaml"))


def expressions() -> Iterator[str]:
    for group in yaml.safe_load(RULES.read_text())["groups"]:
        yield from (rule["expr"] for rule in group["rules"])
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        yield from (target["expr"] for target in panel.get("targets", ()))


def test_each_metric_they_name_is_exported() -> None:
    named = {_SERIES.sub("", name) for expression in expressions() for name in _METRIC.findall(expression)}
    assert named
    assert named <= exported()


def test_each_alert_has_a_test_or_is_plain() -> None:
    tested = set(re.findall(r"alertname: (\w+)", (DEPLOY / "prometheus" / "rules_test.yaml").read_text()))
    alerts = {
        rule["alert"]
        for group in yaml.safe_load(RULES.read_text())["groups"]
        for rule in group["rules"]
        if "alert" in rule
    }
    assert tested <= alerts
    assert {"GatewayErrors", "GatewayCircuitOpen", "GatewayProviderKeyRefused", "GatewayConfigRejected"} <= tested


def test_the_dashboard_s_panels_do_not_lie_on_each_other() -> None:
    document: dict[str, Any] = json.loads(DASHBOARD.read_text())
    taken: set[tuple[int, int]] = set()
    for panel in document["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24, panel["title"]
        assert not cells & taken, panel["title"]
        taken |= cells
    assert len({panel["id"] for panel in document["panels"]}) == len(document["panels"])
