"""gateway.yaml: as it is written, another text for it, and its reloads."""

import asyncio
from collections.abc import Mapping
from typing import Any

from tornado_gateway.domain.admin_errors import RevisionMismatch
from tornado_gateway.httpserver.page.base import PageHandler
from tornado_gateway.httpserver.page.views.configuration import (
    CheckView,
    changed_lines,
    check_view,
    fingerprint,
    lines_of,
    rejected_view,
)

_DAYS = ("7", "30", "90")


class ConfigurationHandler(PageHandler):
    section = "configuration"

    async def show(self, *arguments: str) -> None:
        running = (await self.ask("config")).document
        source = (await self.ask("config/source")).document
        text, problems = source["text"], source["problems"]
        errors = sum(each["severity"] == "error" for each in problems)
        written = self.get_query_argument("written", "")
        self.show_page(
            "configuration.html",
            tab="file",
            running=running,
            source=source,
            lines=None if text is None else await asyncio.to_thread(lines_of, text, problems),
            errors=errors,
            warnings=len(problems) - errors,
            written=bool(written) and written == running["revision"],
        )


class EditHandler(PageHandler):
    """A text is written only as it was checked, and only over the file that its writer has read."""

    section = "configuration"

    async def show(self, *arguments: str) -> None:
        source = (await self.ask("config/source")).document
        self._editor(source, text=source["text"] or "", etag=source["etag"])

    async def act(self, form: dict[str, str], *arguments: str) -> None:
        source = (await self.ask("config/source")).document
        text = _with_its_line_ends(form.get("text", ""), source["text"])
        action, etag = form.get("action", "check"), form.get("etag", "")
        if action == "apply" and form.get("checked") == fingerprint(text):
            await self._apply(text, etag, form)
            return
        if action == "again":
            etag = source["etag"]
        await self._check(source, text, etag, form, unchecked=action == "apply")

    async def _check(
        self, source: Mapping[str, Any], text: str, etag: str, form: Mapping[str, str], *, unchecked: bool
    ) -> None:
        days = form.get("days", "30")
        parameters = {"days": [days if days in _DAYS else "30"]}
        said = await self.ask("check", method="POST", parameters=parameters, body=text.encode())
        changed = await asyncio.to_thread(changed_lines, source["text"] or "", text)
        check = check_view(said.document)
        self._editor(source, text=text, etag=etag, check=check, changed=changed, days=days, unchecked=unchecked)

    async def _apply(self, text: str, etag: str, form: Mapping[str, str]) -> None:
        try:
            said = await self.ask("config", method="PUT", body=text.encode(), match=f'"{etag}"')
        except RevisionMismatch:
            source = (await self.ask("config/source")).document
            await self._check(source, text, etag, form, unchecked=False)
            return
        if said.status == 200:
            self.go_to(f"/admin/configuration?written={said.document['revision']}")
            return
        source = (await self.ask("config/source")).document
        self._editor(source, text=text, etag=etag, check=rejected_view(said.document["problems"]))

    def _editor(
        self,
        source: Mapping[str, Any],
        *,
        text: str,
        etag: str,
        check: CheckView | None = None,
        changed: Any = None,
        days: str = "30",
        unchecked: bool = False,
    ) -> None:
        conflict = etag != source["etag"]
        self.show_page(
            "edit.html",
            409 if conflict else 200,
            tab="edit",
            source=source,
            text=text,
            etag=etag,
            check=check,
            changed=changed,
            days=days,
            spans=_DAYS,
            unchecked=unchecked,
            conflict=conflict,
            checked=fingerprint(text) if check is not None and check.ok and not conflict else "",
        )


class ReloadsHandler(PageHandler):
    section = "configuration"

    async def show(self, *arguments: str) -> None:
        running = (await self.ask("config")).document
        said = await self.ask("reloads")
        self.show_page("reloads.html", tab="reloads", running=running, **said.document)

    async def act(self, form: dict[str, str], *arguments: str) -> None:
        """Reads the file now."""
        await self.ask("reload", method="POST")
        self.go_to("/admin/configuration/reloads")


def _with_its_line_ends(text: str, before: str | None) -> str:
    """A form's lines end as the file's do."""
    return text.replace("\n", "\r\n") if before and "\r\n" in before else text
