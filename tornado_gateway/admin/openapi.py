"""The admin API's description of itself: OpenAPI 3.1, as a file of the package."""

from importlib import resources

from tornado_gateway.admin.parameters import Parameters
from tornado_gateway.domain.administration import Asked, Told
from tornado_gateway.domain.ports import Clock


def document() -> bytes:
    """The file's content."""
    return resources.files("tornado_gateway.admin").joinpath("data", "openapi.json").read_bytes()


class Description:
    """Read once, when it is first asked for."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._document: bytes | None = None

    async def answer(self, asked: Asked) -> Told:
        Parameters(asked, (), self._clock.now())
        if self._document is None:
            self._document = document()
        return Told(self._document)
