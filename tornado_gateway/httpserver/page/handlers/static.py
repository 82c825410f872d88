"""Scripts, styles and fonts: for everybody, once there is a page."""

from tornado_gateway.domain.errors import NotFound
from tornado_gateway.httpserver.page.base import PageBase

_FOR_EVER = "public, max-age=31536000, immutable"


class StaticHandler(PageBase):
    def get(self, digest: str, name: str) -> None:
        self.body()
        asset = self.look.assets.find(name)
        if asset is None:
            raise NotFound(f"There is nothing at {self.request.path}.")
        # Another digest is that of a page of an earlier version: it gets what there is, and is not to keep it.
        self.set_header("Cache-Control", _FOR_EVER if digest == asset.digest else "no-cache")
        etag = f'"{asset.digest}"'
        self.set_header("Etag", etag)
        if self.request.headers.get("If-None-Match") == etag:
            self.set_status(304)
            self.finish()
            return
        self.set_header("Content-Type", asset.content_type)
        self.finish(asset.content)

    head = get
