"""The Helm chart, rendered by Helm itself (in-process, no cluster) and checked against Kubernetes' own schemas."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from helm_python.chart import Chart, lint
from helm_python.errors import HelmError

from tornado_gateway.config.build import load

CHART = Path(__file__).resolve().parents[2] / "deploy" / "helm" / "tornado-gateway"
KUBERNETES = "1.30.0"
EVERYTHING: dict[str, Any] = {
    "secrets": {"GATEWAY_KEY_SHA256": "0" * 64, "OPENAI_API_KEY": "sk-planted"},
    "env": {"LEDGER_URL": "none"},
    "autoscaling": {"enabled": True},
    "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
    "prometheusRule": {"enabled": True},
    "ingress": {"enabled": True, "className": "nginx", "host": "ai.example.com", "tlsSecret": "tls"},
    "networkPolicy": {"from": [{"namespaceSelector": {"matchLabels": {"team": "a"}}}]},
    "imagePullSecrets": [{"name": "registry"}],
    "nodeSelector": {"disk": "ssd"},
    "tolerations": [{"operator": "Exists"}],
}


def render(values: Mapping[str, Any] | None = None) -> dict[str, dict[str, Any]]:
    """Manifests by kind."""
    rendered = Chart.load(CHART).render(dict(values or {}), name="gw", namespace="ai")
    documents = [yaml.safe_load(text) for name, text in rendered.items() if not name.endswith(".txt")]
    return {document["kind"]: document for document in documents if document}


@pytest.mark.parametrize("values", [{}, EVERYTHING], ids=["plain", "everything"])
def test_helm_has_nothing_to_complain_of_and_kubernetes_takes_it(values: dict[str, Any]) -> None:
    assert [message for message in lint(CHART, values, strict=True)["messages"] if message["severity"] > 1] == []
    for kind, manifest in render(values).items():
        if not manifest["apiVersion"].startswith("monitoring."):  # Prometheus' own kinds are none of Kubernetes'
            kubernetes_validate.validate(manifest, KUBERNETES, strict=True)
        assert manifest["metadata"]["name"] == "gw-tornado-gateway", kind


def test_a_value_that_nobody_knows_is_refused() -> None:
    with pytest.raises(HelmError, match="replicas"):
        render({"replicas": 3})


def test_the_configuration_is_text_in_a_folder_that_is_followed(tmp_path: Path) -> None:
    manifests = render(EVERYTHING)
    text = manifests["ConfigMap"]["data"]["gateway.yaml"]
    (tmp_path / "gateway.yaml").write_text(text)
    loaded = load(tmp_path / "gateway.yaml", {"GATEWAY_KEY_SHA256": "0" * 64})
    assert {route.name for route in loaded.settings.routes} == {"echo4", "gpt-4"}
    pod = manifests["Deployment"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    mounts = {mount["name"]: mount for mount in container["volumeMounts"]}
    assert "subPath" not in mounts["config"], "a single file is never swapped"
    assert container["args"] == ["serve", "--config", f"{mounts['config']['mountPath']}/gateway.yaml"]
    assert container["workingDir"] == mounts["data"]["mountPath"], "the ledger's file is made there"
    assert pod["terminationGracePeriodSeconds"] > 5 + loaded.settings.server.drain_timeout


def test_the_configuration_s_digits_are_not_helm_s_to_round() -> None:
    exact = "version: 1\npricing: {models: {a/b: {input: 0.0000015}}}\n"
    assert render({"config": exact})["ConfigMap"]["data"]["gateway.yaml"].rstrip() == exact.rstrip()


def test_pods_are_restricted_and_probed() -> None:
    pod = render()["Deployment"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["livenessProbe"]["httpGet"]["path"] == "/health/live"
    assert container["readinessProbe"]["httpGet"]["path"] == "/health/ready"


def test_secrets_are_in_a_secret_alone() -> None:
    manifests = render(EVERYTHING)
    assert manifests.pop("Secret")["stringData"]["OPENAI_API_KEY"] == "sk-planted"
    assert "sk-planted" not in yaml.safe_dump(manifests)
    own = render({"existingSecret": "mine", "existingConfigMap": "theirs"})
    assert {"Secret", "ConfigMap"}.isdisjoint(own)
    pod = own["Deployment"]["spec"]["template"]["spec"]
    assert pod["containers"][0]["envFrom"] == [{"secretRef": {"name": "mine"}}]
    assert pod["volumes"][0]["configMap"] == {"name": "theirs"}


def test_the_autoscaler_looks_at_calls_under_way_and_has_the_say_over_replicas() -> None:
    plain, scaled = render(), render(EVERYTHING)
    assert plain["Deployment"]["spec"]["replicas"] == 2
    assert "replicas" not in scaled["Deployment"]["spec"]
    metrics = scaled["HorizontalPodAutoscaler"]["spec"]["metrics"]
    assert metrics[0]["pods"]["metric"] == {"name": "gateway_in_flight"}


def test_the_chart_brings_the_rules_that_are_tested() -> None:
    rules = CHART.parents[1] / "prometheus" / "rules.yaml"
    assert render(EVERYTHING)["PrometheusRule"]["spec"] == yaml.safe_load(rules.read_text())


def test_what_other_services_are_called_is_nothing_to_it() -> None:
    assert render()["Deployment"]["spec"]["template"]["spec"]["enableServiceLinks"] is False


def test_an_environment_is_texts() -> None:
    with pytest.raises(HelmError, match="env"):
        render({"env": {"MAX_BYTES": 10485760}})
    (container,) = render({"env": {"MAX_BYTES": "10485760"}})["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert container["env"] == [{"name": "MAX_BYTES", "value": "10485760"}]


@pytest.mark.parametrize(("values", "told"), [({}, False), ({"ingress": {"enabled": True, "host": "a.example"}}, True)])
def test_who_is_shut_out_is_told(values: dict[str, Any], told: bool) -> None:
    rendered = Chart.load(CHART).render(values, name="gw", namespace="ai")
    notes = next(text for name, text in rendered.items() if name.endswith("NOTES.txt"))
    assert ("networkPolicy.from" in notes) is told
