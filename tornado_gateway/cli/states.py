"""What a running gateway says of its providers, for ``explain --at``."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

SECONDS = 5.0


class NoAnswer(Exception):
    """Nobody is there, or somebody else is."""


def ask(url: str) -> Mapping[str, Any]:
    """The providers' conditions by name, from ``/health/ready``. Raises ``NoAnswer``."""
    address = f"{url.rstrip('/')}/health/ready"
    try:
        try:
            with urlopen(address, timeout=SECONDS) as answer:
                document = json.load(answer)
        except URLError as error:
            # A gateway that is draining answers 503 and says all the same.
            if not hasattr(error, "read"):
                raise
            document = json.load(error)
        providers: Mapping[str, Any] = document["providers"]
        return providers
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NoAnswer(f"no gateway answers at {address}: {error}") from error


def told(condition: Mapping[str, Any] | None) -> str:
    """One provider's endpoints in a few words."""
    if condition is None:
        return "not known there"
    endpoints = condition.get("endpoints") or []
    if not endpoints:
        return "nobody to ask: no API key"
    return ", ".join(_endpoint(endpoint, len(endpoints)) for endpoint in endpoints)


def _endpoint(endpoint: Mapping[str, Any], count: int) -> str:
    which = f"endpoint {endpoint['endpoint']} " if count > 1 else "circuit "
    rest = f", asked again in {endpoint['retry_in']:g} s" if "retry_in" in endpoint else ""
    return f"{which}{endpoint['circuit'].replace('_', ' ')}{rest}"
