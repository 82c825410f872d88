"""Which endpoint of a provider is asked: by weight, those that rest left out. State outlives every revision."""

from collections.abc import Sequence, Set

from tornado_gateway.domain.breakers import Breakers
from tornado_gateway.domain.endpoints import Endpoint, EndpointKey, Provider
from tornado_gateway.domain.errors import CircuitOpen, GatewayError, UpstreamRateLimited


class Picker:
    """``breakers`` say who rests."""

    def __init__(self, breakers: Breakers) -> None:
        self.breakers = breakers
        self._credit: dict[EndpointKey, int] = {}

    def pick(self, provider: Provider, tried: Set[EndpointKey] = frozenset()) -> Endpoint:
        """One that may be asked now, one that was not ``tried`` if there is any.

        Raises ``CircuitOpen`` or, where every endpoint has been told to wait, ``UpstreamRateLimited``.
        """
        endpoints = provider.endpoints
        if len(endpoints) == 1:
            endpoint = endpoints[0]
            if self.breakers.allow(endpoint.key, provider.breaker):
                return endpoint
            raise self._resting(provider)
        waiting = sorted(self._by_turn(endpoints), key=lambda endpoint: endpoint.key in tried)
        for endpoint in waiting:
            if self.breakers.allow(endpoint.key, provider.breaker):
                self._take_turn(endpoint, endpoints)
                return endpoint
        raise self._resting(provider)

    def has_another(self, provider: Provider, tried: Set[EndpointKey]) -> bool:
        """Whether a second try would go elsewhere."""
        return any(
            endpoint.key not in tried and self.breakers.retry_in(endpoint.key) is None
            for endpoint in provider.endpoints
        )

    def _by_turn(self, endpoints: Sequence[Endpoint]) -> list[Endpoint]:
        # Smooth weighted round robin, as among a route's targets.
        return sorted(endpoints, key=lambda endpoint: -(self._credit.get(endpoint.key, 0) + endpoint.weight))

    def _take_turn(self, chosen: Endpoint, endpoints: Sequence[Endpoint]) -> None:
        for endpoint in endpoints:
            self._credit[endpoint.key] = self._credit.get(endpoint.key, 0) + endpoint.weight
        self._credit[chosen.key] -= sum(endpoint.weight for endpoint in endpoints)

    def _resting(self, provider: Provider) -> GatewayError:
        keys = [endpoint.key for endpoint in provider.endpoints]
        waits = [wait for key in keys if (wait := self.breakers.retry_in(key)) is not None]
        soonest = min(waits, default=1.0)
        if all(self.breakers.state(key) == "closed" for key in keys):
            return UpstreamRateLimited(
                f"Provider {provider.name!r} is limiting the rate of requests.", retry_after=soonest
            )
        return CircuitOpen(
            f"Provider {provider.name!r} has failed too often and is not asked for {max(1, round(soonest))} s.",
            retry_after=soonest,
        )
