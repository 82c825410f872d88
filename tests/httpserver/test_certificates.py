"""HTTPS on a real socket, with certificates that are renewed under it."""

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.certificates import Authority, Issued
from tests.serving import Served, serving, until
from tornado_gateway.domain.snapshot import ServerPolicy
from tornado_gateway.domain.tls import TlsPolicy
from tornado_gateway.httpserver.certificates import Certificates

HEALTH = b"GET /health HTTP/1.1\r\nHost: g\r\nConnection: close\r\n\r\n"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def policy(issued: Issued, **more: str) -> TlsPolicy:
    return TlsPolicy(str(issued.cert_file), str(issued.key_file), **more)


def put(made: Issued, over: Issued) -> None:
    """As a renewal does it: each file by a rename, one after the other."""
    for new, old in ((made.cert_file, over.cert_file), (made.key_file, over.key_file)):
        new.replace(old)


def trusting(authority: Authority) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(authority.cert_file))


async def asked(served: Served, context: ssl.SSLContext) -> tuple[str, bytes]:
    """The name in the certificate that was shown, and the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port, ssl=context)
    shown = writer.get_extra_info("peercert")
    writer.write(HEALTH)
    answer = await asyncio.wait_for(reader.read(), 3)
    writer.close()
    ((_, name),) = shown["subject"][0]
    return name, answer


async def shown(served: Served, context: ssl.SSLContext, name: str) -> None:
    """Returns once new connections are shown the certificate of that name, within a second or so."""
    for _ in range(40):
        if (await asked(served, context))[0] == name:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"nobody was shown {name}")


async def test_a_renewed_certificate_is_shown_and_a_broken_one_is_not(authority: Authority) -> None:
    context, first = trusting(authority), authority.issue("first")
    async with serving(tls=policy(first)) as served:
        name, answer = await asked(served, context)
        assert (name, answer[:15]) == ("first", b"HTTP/1.1 200 OK")
        put(authority.issue("second"), first)
        await shown(served, context, "second")
        assert served.said == ["server.tls: the certificate was read anew"]

        first.cert_file.write_bytes(authority.issue("third").cert_file.read_bytes())
        await until(lambda: len(served.said) == 2)
        assert served.said[1].endswith("the last certificate stays: key values mismatch")
        assert (await asked(served, context))[0] == "second"
        first.cert_file.unlink()
        await until(lambda: len(served.said) == 3)
        assert served.said[2].endswith("No such file or directory")
        put(authority.issue("fourth"), first)
        await shown(served, context, "fourth")


async def test_an_open_connection_keeps_the_certificate_that_it_began_with(authority: Authority) -> None:
    first = authority.issue("first")
    async with serving(tls=policy(first)) as served:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port, ssl=trusting(authority))
        put(authority.issue("second"), first)
        await until(lambda: bool(served.said))
        writer.write(HEALTH)
        assert (await asyncio.wait_for(reader.read(), 3)).startswith(b"HTTP/1.1 200")
        writer.close()


async def test_clients_must_show_a_certificate_where_the_file_names_an_authority(authority: Authority) -> None:
    mutual = policy(authority.issue("server"), client_ca_file=str(authority.cert_file))
    async with serving(tls=mutual) as served:
        context, own = trusting(authority), authority.issue("client")
        with pytest.raises((ssl.SSLError, ConnectionError)):
            if not (await asked(served, context))[1]:
                raise ConnectionError("closed without an answer")
        context.load_cert_chain(own.cert_file, own.key_file)
        assert (await asked(served, context))[1].startswith(b"HTTP/1.1 200")


async def test_versions_that_are_too_old_and_protocols_that_are_not_spoken(authority: Authority) -> None:
    async with serving(tls=policy(authority.issue("server"), min_version="1.3")) as served:
        old = trusting(authority)
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await asked(served, old)
        context = trusting(authority)
        context.set_alpn_protocols(["h2", "http/1.1"])
        _, writer = await asyncio.open_connection("127.0.0.1", served.port, ssl=context)
        assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == "http/1.1"
        writer.close()


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\nHost: g\r\n\r\n", b"\x16\x03\x01\x02\x00\x01"])
async def test_who_never_ends_the_handshake_is_let_go(authority: Authority, said: bytes) -> None:
    quick = ServerPolicy(read_timeout=0.3)
    async with serving(server=quick, tls=policy(authority.issue("server"))) as served:
        client = await served.connect()
        await client.send(said)
        await asyncio.wait_for(client.ended(), 3)
        assert (await asked(served, trusting(authority)))[1].startswith(b"HTTP/1.1 200")


async def test_what_is_no_http_is_refused_in_json_over_tls_too(authority: Authority) -> None:
    async with serving(tls=policy(authority.issue("server"))) as served:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port, ssl=trusting(authority))
        writer.write(b"nonsense\r\n\r\n")
        assert b'"code":"invalid_request"' in await asyncio.wait_for(reader.readuntil(b"}}"), 3)
        writer.close()


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda issued: issued.key_file.write_text("nothing"), "no PEM"),
        (lambda issued: issued.key_file.unlink(), "No such file"),
    ],
)
async def test_files_that_are_no_good_at_the_start_are_an_error(
    authority: Authority, spoil: Callable[[Issued], object], reason: str
) -> None:
    issued = authority.issue("server")
    spoil(issued)
    with pytest.raises(OSError):
        Certificates(policy(issued), take=lambda _: None, announce=print, warn=print)
