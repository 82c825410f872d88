"""``otel`` of a valid document."""

from typing import Any

from tornado_gateway.config.model_otel import OtelSettings


def otel(entry: dict[str, Any]) -> OtelSettings:
    """Without an ``endpoint`` nothing is exported, whatever else the section says."""
    usual = OtelSettings()
    return OtelSettings(
        endpoint=entry.get("endpoint", "").strip().rstrip("/") or None,
        # A mounted secret often ends in a line break.
        headers={name: value.strip() for name, value in entry.get("headers", {}).items()},
        service_name=entry.get("service_name", usual.service_name),
        traces=entry.get("traces", usual.traces),
        metrics=entry.get("metrics", usual.metrics),
        sample_ratio=float(entry.get("sample_ratio", usual.sample_ratio)),
        capture_content=entry.get("capture_content", usual.capture_content),
        timeout=float(entry.get("timeout", usual.timeout)),
    )
