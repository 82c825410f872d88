"""An issuer's key set, fetched: over HTTP, or from a file that somebody keeps current."""

import asyncio
from pathlib import Path

import httpx

from tornado_gateway.domain.tokens import KeySetUnavailable
from tornado_gateway.providers.bounded import TooLong, read_at_most
from tornado_gateway.providers.transport_errors import TRANSPORT_ERRORS, gateway_error

SECONDS = 5.0
"""For the whole of it: callers may be waiting."""

MAX_BYTES = 1024 * 1024


class KeySetDocuments:
    """``domain.tokens.KeySetSource`` over the transport that providers share."""

    def __init__(self, transport: httpx.AsyncBaseTransport, seconds: float = SECONDS) -> None:
        self._transport = transport
        self._seconds = seconds

    async def fetch(self, where: str) -> bytes:
        """What an ``http`` address answers, or what the file of that name holds."""
        if not where.startswith(("http://", "https://")):
            return await asyncio.to_thread(_read, Path(where))
        try:
            async with asyncio.timeout(self._seconds):
                return await self._get(where)
        except TimeoutError:
            raise KeySetUnavailable(f"the issuer did not answer within {self._seconds:g} seconds") from None
        except httpx.InvalidURL:
            raise KeySetUnavailable("the issuer's address is none") from None
        except TRANSPORT_ERRORS as error:
            # The one table's words, which name no address.
            message = gateway_error(error, "issuer").message
            raise KeySetUnavailable(message.replace("Provider 'issuer'", "the issuer").rstrip(".")) from error

    async def _get(self, where: str) -> bytes:
        headers = {"accept": "application/json", "accept-encoding": "identity", "user-agent": "tornado-gateway"}
        seconds = dict.fromkeys(("connect", "read", "write", "pool"), self._seconds)
        request = httpx.Request("GET", where, headers=headers, extensions={"timeout": seconds})
        response = await self._transport.handle_async_request(request)
        try:
            if response.status_code != 200:
                # A redirect is not followed: it could lead to anybody.
                raise KeySetUnavailable(f"the issuer answered with status {response.status_code}")
            return await read_at_most(MAX_BYTES, response)
        except TooLong:
            raise KeySetUnavailable(f"the issuer answered with more than {MAX_BYTES} bytes") from None
        finally:
            await response.aclose()


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            body = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise KeySetUnavailable(f"the file can't be read: {error.strerror}") from error
    if len(body) > MAX_BYTES:
        raise KeySetUnavailable(f"the file has more than {MAX_BYTES} bytes")
    return body
