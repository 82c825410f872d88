"""Receiver: where spans and metrics go, and what is wanted of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """Where to send and what; ``headers`` may hold credentials, ``timeout`` is in seconds."""

    endpoint: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    service_name: str = "tornado-gateway"
    traces: bool = True
    metrics: bool = True
    capture_content: bool = False
    timeout: float = 10.0
