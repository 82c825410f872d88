"""Endpoints and policies of a valid document: what providers and routes say for a bad day."""

from typing import Any

from tornado_gateway.config.kinds import KINDS
from tornado_gateway.config.model import EndpointSettings
from tornado_gateway.domain.policies import (
    USUAL_KINDS,
    BreakerPolicy,
    Concurrency,
    Fallback,
    Hedge,
    Mirror,
    Probe,
    Timeouts,
)


def endpoints(provider: dict[str, Any]) -> tuple[EndpointSettings, ...]:
    """At least one. Of several, those whose key came out empty are left out where the kind needs one."""
    found = tuple(_endpoint(provider, each) for each in provider.get("endpoints", [{}]))
    ready = tuple(each for each in found if each.api_key) if KINDS[provider["kind"]].needs_key else found
    return ready or found[:1]


def _endpoint(provider: dict[str, Any], entry: dict[str, Any]) -> EndpointSettings:
    said = {**provider, **entry}
    return EndpointSettings(
        base_url=said.get("base_url") or None,
        # A mounted secret often ends in a line break.
        api_key=said.get("api_key", "").strip() or None,
        weight=entry.get("weight", 1),
    )


def timeouts(entry: dict[str, Any]) -> Timeouts:
    """What a provider or a route says of them."""
    return Timeouts(**{name: float(value) for name, value in entry.get("timeouts", {}).items()})


def breaker(provider: dict[str, Any]) -> BreakerPolicy | None:
    """None where it is switched off."""
    said = provider.get("breaker", {})
    if said is False:
        return None
    members: dict[str, Any] = {
        name: value if name in ("consecutive", "minimum") else float(value) for name, value in said.items()
    }
    return BreakerPolicy(**members)


def concurrency(provider: dict[str, Any]) -> Concurrency | None:
    """None where calls are unbounded."""
    limit = provider.get("max_concurrency")
    if limit is None:
        return None
    queue = provider.get("queue", {})
    return Concurrency(limit, queue=queue.get("size", 100), wait=float(queue.get("wait", 1)))


def probe(provider: dict[str, Any]) -> Probe | None:
    """None where nobody is to ask."""
    said = provider.get("health")
    return None if said is None else Probe(float(said.get("interval", 30)), said.get("path", "/models"))


def fallback(entry: str | dict[str, Any]) -> Fallback:
    """A route's name alone, or with the kinds of failure that it is for."""
    if isinstance(entry, str):
        return Fallback(entry)
    return Fallback(entry["route"], frozenset(entry.get("on", USUAL_KINDS)))


def retries(route: dict[str, Any]) -> int | None:
    """None where the provider's own count holds."""
    said = route.get("retry")
    return None if said is None else int(said["attempts"]) - 1


def hedge(route: dict[str, Any]) -> Hedge | None:
    """``p95`` is the share 0.95."""
    said = route.get("hedge")
    if said is None:
        return None
    after = said["after"]
    return Hedge(percentile=int(after[1:]) / 100) if isinstance(after, str) else Hedge(after=float(after))


def mirror(route: dict[str, Any]) -> Mirror | None:
    """None where nothing is copied."""
    said = route.get("mirror")
    return None if said is None else Mirror(said["route"], float(said["percent"]))
