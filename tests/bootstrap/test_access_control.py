import socket
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from tests.support import FakeClock, Recorder, snapshot
from tornado_gateway.bootstrap.access_control import AccessControl, make_access_control, open_key_store
from tornado_gateway.config.build import Loaded, parse
from tornado_gateway.config.schema import packaged_default
from tornado_gateway.domain.access import Access
from tornado_gateway.domain.key_store import StoredKey
from tornado_gateway.domain.keys import hash_of
from tornado_gateway.domain.ledger import LedgerUnavailable
from tornado_gateway.domain.ledger_url import LedgerPlace, parse_ledger_url
from tornado_gateway.domain.snapshot import SnapshotHolder


class Patient(FakeClock):
    async def sleep(self, seconds: float) -> None:
        import asyncio

        await asyncio.get_running_loop().create_future()


def made(access: Access, place: LedgerPlace | None = None) -> AccessControl:
    transport = httpx.MockTransport(lambda request: httpx.Response(500))
    return make_access_control(place, SnapshotHolder(snapshot(access=access)), transport, Patient(), Recorder())


def loaded(url: str) -> Loaded:
    return parse(packaged_default().read_bytes(), Path("gateway.yaml"), {"LEDGER_URL": url})


@pytest.mark.parametrize(
    ("opened", "exposed"),
    [
        (lambda folder: socket.create_server(("127.0.0.1", 0)), False),
        (lambda folder: socket.create_server(("0.0.0.0", 0)), True),
        (lambda folder: unix_server(folder / "s"), False),
    ],
)
async def test_the_sockets_say_who_can_come(
    opened: Callable[[Path], socket.socket], exposed: bool, tmp_path: Path
) -> None:
    access = made(Access())
    with socket.create_server(("127.0.0.1", 0)) as inside, opened(tmp_path) as listening:
        await access.start([inside, listening])
        assert access.authenticator.exposed is exposed
        await access.close()


def unix_server(path: Path) -> socket.socket:
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(path))
    return listening


async def test_stored_keys_are_known_from_the_start(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/usage.db"
    store = open_key_store(loaded(url))
    store.add(StoredKey(id="a", sha256=hash_of("k"), prefix="k", created_at=datetime.now(UTC)))
    store.close()
    access = made(Access(True, stored=True), parse_ledger_url(url))
    await access.start([])
    found = access.authenticator.authenticate("k", "req_1")
    assert getattr(found, "id", None) == "a"
    await access.close()


def test_without_a_ledger_there_is_no_place_for_keys() -> None:
    with pytest.raises(LedgerUnavailable, match="keeps no ledger, where keys would be"):
        open_key_store(loaded("none"))
