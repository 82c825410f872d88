"""/admin, which is meant for /admin/."""

from tornado_gateway.httpserver.page.base import PageBase


class MovedHandler(PageBase):
    def get(self) -> None:
        self.body()
        self.go_to("/admin/")

    head = get
