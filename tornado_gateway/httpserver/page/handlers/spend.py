"""What was spent, by whatever calls are told apart by."""

import asyncio

from tornado_gateway.domain.errors import GatewayError
from tornado_gateway.httpserver.page.base import PageHandler
from tornado_gateway.httpserver.page.views.period import AGES, BY, FILTERS, MEASURES, chosen
from tornado_gateway.httpserver.page.views.spend import spend_view

_TOP = "50"


class SpendHandler(PageHandler):
    section = "spend"

    async def show(self, *arguments: str) -> None:
        wanted = chosen(self.asked_for("by", "tag_name", "measure", "since", "from", "to", *FILTERS))
        view, error = None, None
        try:
            spend = await self.ask("spend", parameters={**wanted.parameters(), "top": [_TOP]})
            view = await asyncio.to_thread(spend_view, spend.document, wanted.measure, self.services.clock.now())
        except GatewayError as refused:
            error = refused
        await self.show_large(
            "spend.html",
            200 if error is None else error.status,
            view=view,
            error=error,
            again=self.request.uri,
            wanted=wanted,
            ages=AGES,
            by=BY,
            measures=MEASURES,
            tags=await self._tags(),
        )

    async def _tags(self) -> list[str]:
        """Names that keys of the file have, as an offer."""
        document = (await self.ask("config")).document["document"] or {}
        keys = (document.get("auth") or {}).get("keys") or []
        return sorted({name for key in keys for name in key.get("tags") or ()})
