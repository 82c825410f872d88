"""A provider as the file declares it: one adapter for each of its addresses and keys, and how they are treated."""

from dataclasses import dataclass, field

from tornado_gateway.domain.policies import BreakerPolicy, Concurrency, Probe, Timeouts
from tornado_gateway.domain.ports import ChatProvider

EndpointKey = tuple[str, int]
"""A provider's name and the place of an endpoint in it: what breakers are keyed by, over all revisions."""

DEFAULT_CONNECT = 10.0


@dataclass(frozen=True, slots=True)
class Endpoint:
    """``weight`` is its share of the calls among its provider's endpoints."""

    key: EndpointKey
    adapter: ChatProvider
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Provider:
    """``endpoints`` are those that have a key; ``retries``: how many times one call may be tried again.

    ``timeouts`` are complete but for ``total``, which bounds a stream too where it is given; ``timeout`` is what a
    whole answer may take. ``fingerprint`` tells one kind, address and set of options from another.
    """

    name: str
    endpoints: tuple[Endpoint, ...]
    retries: int = 0
    timeouts: Timeouts = field(default_factory=Timeouts)
    timeout: float | None = None
    breaker: BreakerPolicy | None = None
    concurrency: Concurrency | None = None
    probe: Probe | None = None
    kind: str = ""
    """Whose protocol it speaks: its vendor where the file names one."""
    fingerprint: str = ""

    @property
    def configured(self) -> bool:
        """False where no endpoint has a key: the provider's routes answer 503."""
        return bool(self.endpoints)
