"""PageHandler: a page of the admin, for whoever has logged in, made of what the desk says."""

import asyncio
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import parse_qsl, quote

import msgspec

from tornado_gateway.domain.administration import Asked
from tornado_gateway.domain.errors import GatewayError, InvalidRequest, NotFound
from tornado_gateway.httpserver.handlers.admin import AdminBase
from tornado_gateway.httpserver.page.look import Look
from tornado_gateway.httpserver.page.session import COOKIE, ForgedRequest, Session, Sessions, SessionWanted

_HEADERS = (
    (
        "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self';"
        " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
)

_FIELDS = 200

_INSIDE = re.compile(r"/admin/[!-\[\]-~]*")
"""Printable, and no backslash, which browsers take for a slash."""

_decoder = msgspec.json.Decoder(float_hook=Decimal)


@dataclass(frozen=True, slots=True)
class Said:
    """What the desk answered. Numbers with a fraction are decimals."""

    document: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class PageBase(AdminBase):
    """With the headers of a page, and errors that are pages. Where there is no admin token there is nothing."""

    section: ClassVar[str] = ""

    def initialize(self, look: Look) -> None:
        self.look = look
        self.sessions = Sessions(self.services.snapshots, self.services.clock)
        self.session: Session | None = None

    def set_default_headers(self) -> None:
        super().set_default_headers()
        for name, value in _HEADERS:
            self.set_header(name, value)

    def prepare(self) -> None:
        super(AdminBase, self).prepare()  # the bearer token is the API's
        if self.services.snapshots.current.admin.digest is None:
            self.refuse(NotFound(f"There is nothing at {self.request.path}."))
            return
        self.session = self.sessions.find(self.get_cookie(COOKIE))

    def show_page(self, template: str, status: int = 200, **values: Any) -> None:
        """Ends the answer with a page."""
        self._end_with(self._made(template, values), status)

    async def show_large(self, template: str, status: int = 200, **values: Any) -> None:
        """As ``show_page``, made in a thread: a table may be long, and calls must not wait for it."""
        page = await asyncio.to_thread(self._made, template, values)
        self._end_with(page, status)

    def go_to(self, address: str) -> None:
        """Ends the answer: the browser is to get ``address`` next."""
        self.set_status(303)
        self.set_header("Location", address)
        self.finish()

    def _made(self, template: str, values: Mapping[str, Any]) -> bytes:
        csrf = self.session.csrf if self.session else ""
        return self.look.render(template, section=self.section, session=self.session, csrf=csrf, **values)

    def _end_with(self, page: bytes, status: int) -> None:
        self.set_status(status)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(page)

    def keep_session(self, value: str) -> None:
        self.set_cookie(COOKIE, value, path="/admin", httponly=True, samesite="Strict", secure=self.secure)

    @property
    def secure(self) -> bool:
        """Whether the browser came by HTTPS, to the gateway or to a proxy in front."""
        return self.request.protocol == "https" or self.request.headers.get("X-Forwarded-Proto") == "https"

    def form(self) -> dict[str, str]:
        """The fields of what was posted. A browser sends lines with CRLF: here they end as they do in a file."""
        if self.request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
            raise ForgedRequest("Another site asked for this.")
        try:
            fields = parse_qsl(self.body().decode(), keep_blank_values=True, max_num_fields=_FIELDS, errors="strict")
        except ValueError as error:
            raise InvalidRequest("The form can't be read.") from error
        return {name: value.replace("\r\n", "\n") for name, value in fields}

    def send_gateway_error(self, error: GatewayError) -> None:
        if self._headers_written or self.services.snapshots.current.admin.digest is None:
            super().send_gateway_error(error)
            return
        if isinstance(error, SessionWanted) and self.request.method in {"GET", "HEAD"}:
            self.go_to("/admin/login?next=" + quote(self.request.uri or "", safe="/"))
            return
        if error.retry_after is not None:
            self.set_header("Retry-After", str(max(1, math.ceil(error.retry_after))))
        self.decorate_error(error)
        self.show_page("error.html", error.status, error=error)

    get: Any = AdminBase.nothing_else
    head: Any = AdminBase.nothing_else
    post: Any = AdminBase.nothing_else
    put: Any = AdminBase.nothing_else
    patch: Any = AdminBase.nothing_else
    delete: Any = AdminBase.nothing_else
    options: Any = AdminBase.nothing_else


class PageHandler(PageBase):
    """``show`` answers what is looked at, ``act`` what is posted: neither is asked before who asks is known."""

    async def get(self, *arguments: str) -> None:
        self._enter()
        await self.show(*arguments)

    head = get

    async def post(self, *arguments: str) -> None:
        session = self._enter()
        form = self.form()
        if not session.guards(form.pop("csrf", "")):
            raise ForgedRequest("The form is of an earlier session: go back, load the page again and repeat.")
        await self.act(form, *arguments)

    async def show(self, *arguments: str) -> None:
        self.nothing_else()

    async def act(self, form: dict[str, str], *arguments: str) -> None:
        """``form`` is that of this session's."""
        self.nothing_else()

    async def ask(
        self,
        path: str,
        *,
        method: str = "GET",
        parameters: Mapping[str, Sequence[str]] | None = None,
        body: bytes = b"",
        match: str | None = None,
    ) -> Said:
        """What follows ``/admin/api/``, asked of the desk. Raises its ``GatewayError``."""
        asked = Asked(method=method, path=path, parameters=parameters or {}, body=body, match=match)
        told = await self._side().desk.answer(asked)
        return Said(_decoder.decode(told.document), told.status, dict(told.headers))

    def asked_for(self, *names: str) -> dict[str, list[str]]:
        """Those of the address's parameters that say something."""
        given = {name: self.get_query_arguments(name, strip=False) for name in names}
        return {name: some for name, values in given.items() if (some := [value for value in values if value])}

    def _enter(self) -> Session:
        self.body()
        if self.session is None:
            raise SessionWanted("Log in first.")
        renewed = self.sessions.renewed(self.session)
        if renewed is not None:
            self.keep_session(renewed)
        return self.session


def inside(address: str) -> str:
    """``address`` where it is one of ours, else the first page's."""
    return address if _INSIDE.fullmatch(address) and not address.startswith("/admin/log") else "/admin/"


class NoSuchPage(PageHandler):
    async def show(self, *arguments: str) -> None:
        raise NotFound(f"There is nothing at {self.request.path}.")
