"""Who serves what, who stands in for whom, and how they do."""

import asyncio

from tornado_gateway.httpserver.page.base import PageHandler
from tornado_gateway.httpserver.page.views.picture import MARGIN, WIDTH
from tornado_gateway.httpserver.page.views.routes import routes_view


class RoutesHandler(PageHandler):
    section = "routes"

    async def show(self, *arguments: str) -> None:
        said = await self.ask("routes")
        view = await asyncio.to_thread(routes_view, said.document)  # a thousand routes are half a second's drawing
        self.show_page("routes.html", view=view, box_width=WIDTH, margin=MARGIN)
