"""What ``serve`` does with more than one worker: processes of ``tornado_gateway.cli.worker`` under a supervisor."""

import asyncio
import signal
import socket
from collections.abc import Callable

from loguru import logger

from tornado_gateway.bootstrap import start_log
from tornado_gateway.clock import SystemClock
from tornado_gateway.config.build import Loaded
from tornado_gateway.workers.memory import SharedMemory
from tornado_gateway.workers.process import Spawner
from tornado_gateway.workers.supervisor import Supervisor


async def supervise(loaded: Loaded, content: bytes, sockets: list[socket.socket], workers: int, listening: str) -> int:
    """Runs until told to stop; the exit code. ``content`` is what ``loaded`` was read from."""
    start_log(loaded.settings.log)
    memory = SharedMemory.create(workers + 1)
    memory.keep(content)
    spawn = Spawner("tornado_gateway.cli.worker", ["--config", str(loaded.path)], sockets=sockets, memory=memory)
    supervisor = Supervisor(
        workers=workers,
        spawn=spawn,
        vacate=memory.vacate,
        serving=lambda: logger.info(f"{listening}, {workers} workers"),
        clock=SystemClock(),
        patience=loaded.settings.server.drain_timeout,
    )
    handlers: dict[signal.Signals, Callable[[], None]] = {
        signal.SIGTERM: supervisor.stop,
        signal.SIGINT: supervisor.stop,
        signal.SIGHUP: supervisor.reload,
        signal.SIGUSR2: supervisor.replace,
        signal.SIGCHLD: supervisor.child_ended,
    }
    for number, handler in handlers.items():
        asyncio.get_running_loop().add_signal_handler(number, handler)
    return await supervisor.run()
