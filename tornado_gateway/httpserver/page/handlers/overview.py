"""What is going on, at one look; the chart comes after, for a ledger may take a while."""

import asyncio

from tornado_gateway.domain.errors import GatewayError
from tornado_gateway.httpserver.page.base import PageHandler
from tornado_gateway.httpserver.page.views.overview import remarks
from tornado_gateway.httpserver.page.views.period import MEASURES, chosen
from tornado_gateway.httpserver.page.views.spend import spend_view


class OverviewHandler(PageHandler):
    section = "overview"

    async def show(self, *arguments: str) -> None:
        overview = (await self.ask("overview")).document
        config = (await self.ask("config")).document
        routes = (await self.ask("routes")).document
        prices = (await self.ask("prices")).document
        self.show_page("overview.html", overview=overview, config=config, remarks=remarks(config, routes, prices))


class OverviewSpendHandler(PageHandler):
    """The part of the overview that is loaded when the page is there."""

    section = "overview"

    async def show(self, *arguments: str) -> None:
        wanted = chosen({})
        try:
            spend = await self.ask("spend", parameters={**wanted.parameters(), "top": ["5"]})
        except GatewayError as error:
            self.show_page("parts/refused.html", error=error, again=None)
            return
        if not spend.document["total"]["cost"]:
            wanted = chosen({"measure": ["requests"]})  # where all is free, that is what there is to see
        view = await asyncio.to_thread(spend_view, spend.document, wanted.measure, self.services.clock.now())
        routes = (await self.ask("routes")).document["routes"]
        echoes = any(route["name"] == "echo4" for route in routes)
        origin = f"{'https' if self.secure else 'http'}://{self.request.host}"
        await self.show_large(
            "parts/overview_spend.html", view=view, wanted=wanted, measures=MEASURES, origin=origin if echoes else None
        )
