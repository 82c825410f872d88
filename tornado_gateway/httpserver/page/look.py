"""Look: the page's templates over its assets, each compiled once."""

from typing import Any

from tornado.template import Loader

from tornado_gateway.httpserver.page import formats
from tornado_gateway.httpserver.page.assets import FOLDER, Assets
from tornado_gateway.httpserver.page.sections import SECTIONS

TEMPLATES = FOLDER.parent / "templates"


class Look:
    def __init__(self, assets: Assets) -> None:
        self.assets = assets
        self._loader = Loader(
            str(TEMPLATES),
            namespace={
                "asset": assets.address,
                "sections": SECTIONS,
                "money": formats.money,
                "count": formats.count,
                "percent": formats.percent,
                "seconds": formats.seconds,
                "moment": formats.moment,
            },
        )

    def render(self, template: str, **values: Any) -> bytes:
        """HTML. Whatever a template writes is escaped, but where it says ``raw``."""
        return self._loader.load(template).generate(**values)
