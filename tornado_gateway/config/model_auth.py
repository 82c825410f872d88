"""The settings of ``auth`` as frozen values."""

from dataclasses import dataclass

from tornado_gateway.domain.keys import GatewayKey
from tornado_gateway.domain.tokens import TokenPolicy


@dataclass(frozen=True, slots=True)
class AuthSettings:
    """``required`` is None where the file says ``auto`` or nothing. See ``Access``, which is made of it."""

    required: bool | None = None
    keys: tuple[GatewayKey, ...] = ()
    store: bool = False
    jwt: TokenPolicy | None = None
    metrics: bool = False

    @property
    def bounded(self) -> bool:
        """Whether the file bounds what a key or a token's bearer may use."""
        named = [key.principal for key in self.keys]
        return any(each.limits or each.budget for each in (*named, *((self.jwt,) if self.jwt else ())))

    @property
    def undecided(self) -> bool:
        """Whether nobody could be known and nothing says that anybody may call: fit for this machine's own callers."""
        return self.required is None and not (self.keys or self.store or self.jwt)
