"""A whole answer that may be no longer than a bound: of whoever is asked beside the providers."""

import httpx


class TooLong(Exception):
    """More bytes came than were to be read."""


async def read_at_most(most: int, response: httpx.Response) -> bytes:
    """The body of ``response``, decoded; what is left of one that is longer is not read. Raises ``TooLong`` and the
    transport's errors."""
    parts, size = [], 0
    async for part in response.aiter_bytes():
        parts.append(part)
        size += len(part)
        if size > most:
            raise TooLong
    return b"".join(parts)
