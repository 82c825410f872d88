"""The price table, compared with the public list where that is asked for."""

from tornado_gateway.httpserver.page.base import PageHandler
from tornado_gateway.httpserver.page.views.prices import prices_view


class PricesHandler(PageHandler):
    section = "prices"

    async def show(self, *arguments: str) -> None:
        said = await self.ask("prices", parameters=self.asked_for("drift"))
        self.show_page("prices.html", view=prices_view(said.document))
