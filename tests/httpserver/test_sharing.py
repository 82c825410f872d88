"""Two workers' servers in one process, over one real listening socket."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

from tests.serving import QuickClock, until
from tests.support import snapshot
from tornado_gateway.domain.snapshot import SnapshotHolder
from tornado_gateway.httpserver.server import Listening
from tornado_gateway.httpserver.sharing import SharingHTTPServer

GONE = 1 << 60


class Loads:
    """One worker's view of a list that all have."""

    def __init__(self, all_loads: list[int], index: int) -> None:
        self._all = all_loads
        self._index = index

    def tell(self, connections: int) -> None:
        self._all[self._index] = connections

    def take_no_more(self) -> None:
        self._all[self._index] = GONE

    def fewest(self) -> int:
        return min(self._all)


class Quiet(RequestHandler):
    def get(self) -> None:
        self.finish(b"x")


class Workers:
    def __init__(self, count: int) -> None:
        self.loads = [GONE] * count
        sockets = bind_sockets(0, "127.0.0.1")
        self.port = sockets[0].getsockname()[1]
        self.servers = [
            SharingHTTPServer(
                Application([(r"/", Quiet)], log_function=lambda handler: None),
                snapshots=SnapshotHolder(snapshot()),
                clock=QuickClock(),
                loads=Loads(self.loads, index),
                listening=Listening(),
            )
            for index in range(count)
        ]
        for server in self.servers:
            server.add_sockets([socket.socket(fileno=sockets[0].dup().detach())])
        sockets[0].close()
        self.clients: list[asyncio.StreamWriter] = []

    async def connect(self, count: int) -> None:
        for made in await asyncio.gather(*(asyncio.open_connection("127.0.0.1", self.port) for _ in range(count))):
            self.clients.append(made[1])
            made[1].write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            await made[0].readuntil(b"\r\n\r\nx")


@asynccontextmanager
async def workers(count: int) -> AsyncIterator[Workers]:
    made = Workers(count)
    try:
        yield made
    finally:
        for client in made.clients:
            client.close()
        for server in made.servers:
            server.stop()
            await server.close_all_connections()


async def test_connections_are_spread_evenly() -> None:
    async with workers(2) as two:
        await two.connect(20)
        assert sum(two.loads) == 20
        assert abs(two.loads[0] - two.loads[1]) <= 3


async def test_a_worker_that_has_more_leaves_a_connection_to_others_and_takes_it_if_nobody_does() -> None:
    async with workers(2) as two:
        two.servers[1].stop()
        two.loads[1] = 0  # it would take them and never looks
        await two.connect(10)
        assert two.loads == [10, 0]


async def test_those_that_close_are_told() -> None:
    async with workers(1) as one:
        await one.connect(3)
        assert one.loads == [3]
        one.clients.pop().close()
        await until(lambda: one.loads == [2])


async def test_who_stops_takes_none_and_the_others_all() -> None:
    async with workers(2) as two:
        await two.connect(4)
        two.servers[0].stop()
        assert two.loads[0] == GONE
        before = two.loads[1]
        await two.connect(6)
        assert two.loads == [GONE, before + 6]
