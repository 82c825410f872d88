"""Access: who gets in under one revision of gateway.yaml."""

from dataclasses import dataclass, field

from tornado_gateway.domain.keys import KeyRing
from tornado_gateway.domain.tokens import TokenPolicy


@dataclass(frozen=True, slots=True)
class Access:
    """``required`` is None where the file leaves it open: then the address that is listened on decides.

    ``stored`` says that keys of the store count too, ``metrics`` that ``/metrics`` is for callers with a key alone.
    """

    required: bool | None = None
    keys: KeyRing = field(default_factory=KeyRing)
    stored: bool = False
    tokens: TokenPolicy | None = None
    metrics: bool = False

    @property
    def knows_somebody(self) -> bool:
        """Whether there is a way to be known."""
        return self.stored or self.tokens is not None or len(self.keys) > 0
