"""What is going on, at one look."""

from tornado_gateway.httpserver.page.base import PageHandler


class OverviewHandler(PageHandler):
    section = "overview"

    async def show(self, *arguments: str) -> None:
        overview = await self.ask("overview")
        self.show_page("overview.html", overview=overview.document)
