import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests import issuer
from tornado_gateway.domain.tokens import KeySetUnavailable
from tornado_gateway.providers.identity.documents import MAX_BYTES, KeySetDocuments
from tornado_gateway.providers.pooled import PooledTransport


@pytest.fixture
def server() -> Iterator[issuer.IssuerServer]:
    made = issuer.IssuerServer(b'{"keys": []}')
    yield made
    made.stop()


async def fetched(where: str, seconds: float = 5.0) -> bytes:
    transport = PooledTransport()
    try:
        return await KeySetDocuments(transport, seconds).fetch(where)
    finally:
        await transport.aclose()


async def complaint(where: str, seconds: float = 5.0) -> str:
    with pytest.raises(KeySetUnavailable) as missing:
        await fetched(where, seconds)
    assert where not in str(missing.value)
    return str(missing.value)


async def test_what_an_address_answers(server: issuer.IssuerServer) -> None:
    assert await fetched(server.url) == b'{"keys": []}'
    assert server.asked == 1


async def test_any_other_status_is_no_answer_and_a_redirect_leads_nowhere(server: issuer.IssuerServer) -> None:
    for status in (206, 302, 404, 500):
        server.status, server.headers = status, {"Location": server.url}
        assert await complaint(server.url) == f"the issuer answered with status {status}"
    assert server.asked == 4


async def test_an_endless_answer_is_cut_off(server: issuer.IssuerServer) -> None:
    server.document = b"x" * (MAX_BYTES + 1)
    assert await complaint(server.url) == f"the issuer answered with more than {MAX_BYTES} bytes"


async def test_an_issuer_that_is_not_there(server: issuer.IssuerServer) -> None:
    server.stop()
    assert await complaint(server.url) == "the issuer can't be reached"


async def test_an_issuer_that_says_nothing() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    listening = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    try:
        text = await complaint(f"http://127.0.0.1:{port}/keys", 0.05)
        assert text in ("the issuer did not answer within 0.05 seconds", "the issuer is too slow")
    finally:
        listening.close()


async def test_an_address_that_is_none() -> None:
    documents = KeySetDocuments(httpx.MockTransport(lambda request: httpx.Response(200)))
    with pytest.raises(KeySetUnavailable, match="address is none"):
        await documents.fetch("http://[::1")


async def test_files(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    assert await complaint(str(file)) == "the file can't be read: No such file or directory"
    file.write_bytes(b"{}")
    assert await fetched(str(file)) == b"{}"
    file.write_bytes(b"x" * (MAX_BYTES + 1))
    assert await complaint(str(file)) == f"the file has more than {MAX_BYTES} bytes"
