"""The admin API: the token first, then whoever answers, for each path and method alike."""

import asyncio
from collections.abc import Awaitable
from typing import NoReturn

from tornado_gateway.domain.admin_errors import OtherMethod
from tornado_gateway.domain.administration import Asked, Told, Watching
from tornado_gateway.domain.errors import GatewayError
from tornado_gateway.httpserver.base import BaseHandler
from tornado_gateway.httpserver.services import AdminSide

_KEEP_ALIVE = 15
"""Seconds of silence after which a comment says that the connection lives."""


class AdminBase(BaseHandler):
    """No page of another origin may read an answer or have one asked for it, whatever ``cors`` says of calls."""

    def set_default_headers(self) -> None:
        super().set_default_headers()
        for name in [name for name in self._headers if name.startswith("Access-Control-")]:
            self.clear_header(name)
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Content-Type-Options", "nosniff")

    def compute_etag(self) -> None:
        """Answers have the file's own or none: Tornado's would be one more hash of everything."""

    def _side(self) -> AdminSide:
        side = self.services.admin
        assert side is not None, "the tree has these handlers only where there is one"
        return side

    def nothing_else(self, *_: str, **__: str) -> NoReturn:
        """Answers what is only looked at, and was asked for anything else."""
        self.body()  # whoever may not ask at all is told of that alone
        raise OtherMethod(str(self.request.method), ["GET"])

    def decorate_error(self, error: GatewayError) -> None:
        if isinstance(error, OtherMethod):
            self.set_header("Allow", error.allowed)

    def prepare(self) -> Awaitable[None] | None:
        super().prepare()
        try:
            self._side().gate.admit(self.request, self.context)
        except GatewayError as error:
            self.refuse(error)
        return None


class AdminHandler(AdminBase):
    async def _answer(self, path: str) -> None:
        body = self.body()
        asked = Asked(
            method="GET" if self.request.method == "HEAD" else str(self.request.method),
            path=path,
            parameters={
                name: [value.decode("utf-8", "replace") for value in values]
                for name, values in self.request.query_arguments.items()
            },
            body=body,
            match=self.request.headers.get("If-Match"),
        )
        self._tell(await self._side().desk.answer(asked))

    def _tell(self, told: Told) -> None:
        for name, value in told.headers:
            self.set_header(name, value)
        self.write_json(told.document, told.status)

    get = head = post = put = patch = delete = options = _answer  # type: ignore[assignment]


class AdminEventsHandler(AdminBase):
    """What happens, as server-sent events, until the client leaves or the gateway ends."""

    _task: asyncio.Task[None] | None = None
    _gone = False

    async def get(self) -> None:
        self.body()
        self._task = asyncio.current_task()
        watching = self._side().desk.watch()
        try:
            await self._show(watching)
        except asyncio.CancelledError:
            if not self._gone:
                raise
        finally:
            watching.close()

    head = post = put = patch = delete = options = AdminBase.nothing_else

    async def _show(self, watching: Watching) -> None:
        self.set_header("Content-Type", "text/event-stream")
        self.set_header("X-Accel-Buffering", "no")  # nginx would hold events back
        clock = self.services.clock
        self.write(b": connected\n\n")
        await self.flush()
        spoke = clock.monotonic()
        async for frame in watching.messages():
            if self.over():
                return
            if frame or clock.monotonic() - spoke >= _KEEP_ALIVE:
                self.write(frame or b": keep-alive\n\n")
                await self.flush()
                spoke = clock.monotonic()

    def over(self) -> bool:
        """Whether there is an end to it, although the client still listens."""
        return self.services.lifecycle.draining or self.services.lifecycle.retiring

    def on_connection_close(self) -> None:
        super().on_connection_close()
        self._gone = True
        if self._task is not None:
            self._task.cancel()
