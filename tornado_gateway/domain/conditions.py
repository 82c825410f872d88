"""In which condition each provider of a snapshot is: for whoever looks after them."""

from typing import Any

from tornado_gateway.domain.breakers import Breakers
from tornado_gateway.domain.places import Places
from tornado_gateway.domain.snapshot import Snapshot


def conditions(snapshot: Snapshot, breakers: Breakers, places: Places) -> dict[str, Any]:
    """By provider: whether it is configured, and of each endpoint its circuit and the seconds until it is asked again.

    No address and no key: whoever may see this may not see those.
    """
    return {
        provider.name: {
            "configured": provider.configured,
            **({"in_flight": places.taken(provider.name)} if provider.concurrency is not None else {}),
            "endpoints": [
                {"endpoint": key[1], "circuit": breakers.state(key), **_rest(breakers.retry_in(key))}
                for key in (endpoint.key for endpoint in provider.endpoints)
            ],
        }
        for provider in snapshot.providers.values()
    }


def _rest(seconds: float | None) -> dict[str, float]:
    return {} if seconds is None else {"retry_in": round(seconds, 3)}
