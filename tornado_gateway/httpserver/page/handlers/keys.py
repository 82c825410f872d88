"""Gateway keys: those that there are, a new one, the next of one, and the end of one."""

from collections.abc import Mapping, Sequence

from tornado_gateway.domain.admin_errors import LedgerAway, LedgerSlow
from tornado_gateway.domain.errors import GatewayError, InvalidRequest, NotFound, RequestError
from tornado_gateway.httpserver.page.base import PageHandler
from tornado_gateway.httpserver.page.views.keys import LIMITS, PERIODS, KeyRow, keys_view, new_key, next_key, rights


class KeysHandler(PageHandler):
    section = "keys"

    async def show(self, *arguments: str) -> None:
        await self._show({}, None)

    async def act(self, form: dict[str, str], *arguments: str) -> None:
        """Makes a key, which is shown this once."""
        try:
            said = await self.ask("keys", method="POST", body=new_key(form))
        except RequestError as wrong:
            await self._show(form, wrong)
        else:
            self.show_page("key_made.html", 201, key=said.document, rights=list(rights(said.document)), rotated=False)

    async def _show(self, form: Mapping[str, str], wrong: GatewayError | None) -> None:
        view, error, status = None, None, 200 if wrong is None else wrong.status
        try:
            view = keys_view((await self.ask("keys")).document)
        except (LedgerAway, LedgerSlow) as away:
            error, status = away, away.status
        self.show_page(
            "keys.html",
            status,
            view=view,
            error=error,
            again="/admin/keys",
            form=form,
            wrong=wrong,
            limits=LIMITS,
            periods=PERIODS,
        )


class KeyHandler(PageHandler):
    """One key of the store: the forms that rotate and revoke it."""

    section = "keys"

    async def show(self, *arguments: str) -> None:
        await self._show(arguments[0], {}, None)

    async def act(self, form: dict[str, str], *arguments: str) -> None:
        path = f"keys/{arguments[0]}"
        try:
            if form.get("action") == "revoke":
                await self.ask(path, method="DELETE")
                self.go_to("/admin/keys")
                return
            said = await self.ask(f"{path}/rotate", method="POST", body=next_key(form))
        except InvalidRequest as wrong:
            await self._show(arguments[0], form, wrong)
        else:
            self.show_page("key_made.html", key=said.document, rights=list(rights(said.document)), rotated=True)

    async def _show(self, name: str, form: Mapping[str, str], wrong: GatewayError | None) -> None:
        view = keys_view((await self.ask("keys")).document)
        self.show_page(
            "key.html", 200 if wrong is None else wrong.status, row=_changeable(view.rows, name), form=form, wrong=wrong
        )


def _changeable(rows: Sequence[KeyRow], name: str) -> KeyRow:
    found = next((row for row in rows if row.id == name and row.address is not None), None)
    if found is None:
        raise NotFound(f"There is no good key {name[:128]!r} in the store.")
    return found
