"""Logging in with the admin token, and out."""

import math

from tornado_gateway.domain.errors import InvalidApiKey, RateLimitExceeded
from tornado_gateway.httpserver.page.base import PageBase, PageHandler, inside
from tornado_gateway.httpserver.page.session import COOKIE


class LoginHandler(PageBase):
    """The token goes to the gate that the API has: wrong ones are counted together."""

    def get(self) -> None:
        self.body()
        following = inside(self.get_query_argument("next", "/admin/"))
        if self.session is not None:
            self.go_to(following)
            return
        self.show_page("login.html", following=following, problem=None)

    head = get

    def post(self) -> None:
        form = self.form()
        following = inside(form.get("next", "/admin/"))
        try:
            self._side().gate.admit_token(form.get("token", "").strip(), self.request, self.context)
        except InvalidApiKey:
            self.show_page("login.html", 401, following=following, problem="That is not the admin token.")
            return
        except RateLimitExceeded as error:
            wait = max(1, math.ceil(error.retry_after or 0))
            self.set_header("Retry-After", str(wait))
            problem = f"Too many wrong tokens came from this address. Wait {wait} s, then try again."
            self.show_page("login.html", 429, following=following, problem=problem)
            return
        self.keep_session(self.sessions.begin())
        self.go_to(following)


class LogoutHandler(PageHandler):
    async def act(self, form: dict[str, str], *arguments: str) -> None:
        self.clear_cookie(COOKIE, path="/admin")
        self.go_to("/admin/login")
