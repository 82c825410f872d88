"""The calls of the ledger, and one of them with its receipt."""

from collections.abc import Mapping, Sequence

from tornado_gateway.domain.admin_errors import LedgerAway, LedgerSlow
from tornado_gateway.domain.errors import GatewayError, InvalidRequest
from tornado_gateway.httpserver.page.base import PageHandler
from tornado_gateway.httpserver.page.views.receipts import request_view
from tornado_gateway.httpserver.page.views.requests import FILTERS, PAGE, RequestsView, fields, requests_view


class RequestsHandler(PageHandler):
    section = "requests"

    async def show(self, *arguments: str) -> None:
        asked = self.asked_for(*FILTERS, "cursor")
        try:
            said = await self.ask("requests", parameters={**asked, "limit": [str(PAGE)]})
        except (InvalidRequest, LedgerAway, LedgerSlow) as error:
            self._list(asked, None, error)
            return
        self._list(asked, requests_view(said.document, asked), None)

    def _list(self, asked: Mapping[str, Sequence[str]], view: RequestsView | None, error: GatewayError | None) -> None:
        self.show_page(
            "requests.html",
            200 if error is None else error.status,
            view=view,
            fields=fields(asked),
            more_tags=asked.get("tag", ())[1:],
            wrong=error if isinstance(error, InvalidRequest) else None,
            error=None if isinstance(error, InvalidRequest) else error,
            again=self.request.uri,
        )


class RequestHandler(PageHandler):
    section = "requests"

    async def show(self, *arguments: str) -> None:
        said = await self.ask(f"requests/{arguments[0]}")
        self.show_page("request.html", view=request_view(said.document))
