"""The settings of ``otel``."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class OtelSettings:
    """``endpoint`` is the base address of an OTLP receiver, None where nothing is exported. ``timeout`` is in seconds.

    ``headers`` are its credentials, and go with every export. Some receivers take theirs in the address's path.
    """

    endpoint: str | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    service_name: str = "tornado-gateway"
    traces: bool = True
    metrics: bool = True
    sample_ratio: float = 1.0
    capture_content: bool = False
    timeout: float = 10.0
