"""Calls as they happen: the page, and the events that it listens to."""

from tornado_gateway.httpserver.handlers.admin import AdminEventsHandler
from tornado_gateway.httpserver.page.base import PageBase, PageHandler
from tornado_gateway.httpserver.page.session import SessionWanted


class LiveHandler(PageHandler):
    section = "live"

    async def show(self, *arguments: str) -> None:
        worker = (await self.ask("routes")).document["worker"]
        self.show_page("live.html", worker=worker)


class LiveEventsHandler(PageBase, AdminEventsHandler):
    """What the API tells those who watch, for a session and as long as that is good."""

    async def get(self) -> None:
        self.body()
        if self.session is None:
            raise SessionWanted("Log in first.")
        await AdminEventsHandler.get(self)

    def over(self) -> bool:
        return super().over() or self.session is None or not self.sessions.good(self.session)
