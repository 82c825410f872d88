"""Who sends: the resource of whatever is exported, with what the environment says of it."""

import os
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from urllib.parse import unquote

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource


def resource(service_name: str, instance: str, environ: Mapping[str, str] | None = None) -> Resource:
    """``OTEL_RESOURCE_ATTRIBUTES`` adds to it (``deployment.environment.name=prod,...``, values percent-encoded).

    ``instance`` tells one process from another: sums of two under one name would look like one that jumps.
    """
    told = (os.environ if environ is None else environ).get("OTEL_RESOURCE_ATTRIBUTES", "")
    pairs = (entry.partition("=") for entry in told.split(",") if "=" in entry)
    attributes = {
        **{name.strip(): unquote(value.strip()) for name, _, value in pairs if name.strip()},
        "service.name": service_name,
        "service.version": _version(),
        "service.instance.id": instance,
    }
    return Resource(
        attributes=[KeyValue(key=key, value=AnyValue(string_value=value)) for key, value in attributes.items()]
    )


def _version() -> str:
    try:
        return version("tornado-gateway")
    except PackageNotFoundError:
        return "unknown"
