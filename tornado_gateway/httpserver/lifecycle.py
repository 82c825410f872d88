"""Whether the server takes calls, and how many are under way."""

import asyncio


class Lifecycle:
    """Used from the event loop's thread alone."""

    def __init__(self) -> None:
        self.draining = False
        self.retiring = False
        """Another worker takes this one's place: whoever is connected is served once more."""
        self._calls = 0
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def calls(self) -> int:
        """Model calls under way."""
        return self._calls

    def enter(self) -> None:
        self._calls += 1
        self._idle.clear()

    def leave(self) -> None:
        self._calls -= 1
        if not self._calls:
            self._idle.set()

    def drain(self) -> None:
        """From now on the server is not ready and turns new calls away; those under way go on."""
        self.draining = True

    def retire(self) -> None:
        """From now on each answer is the last of its connection."""
        self.retiring = True

    async def idle(self) -> None:
        """Returns once no call is under way."""
        await self._idle.wait()
