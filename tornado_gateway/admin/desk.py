"""AdminDesk: which path is answered by whom."""

from collections.abc import Awaitable, Callable, Mapping

from tornado_gateway.admin.feed import Feed, Watcher
from tornado_gateway.domain.admin_errors import OtherMethod
from tornado_gateway.domain.administration import Asked, Told
from tornado_gateway.domain.errors import NotFound

Answer = Callable[[Asked], Awaitable[Told]]

Table = Mapping[str, Mapping[str, Answer]]
"""By path and method; a part in braces stands for any text without a slash."""


class Desk:
    """A ``domain.administration.AdminDesk``. ``settle`` brings about that what has happened is known."""

    def __init__(self, table: Table, feed: Feed, settle: Callable[[], None] = lambda: None) -> None:
        self._exact = {path: methods for path, methods in table.items() if "{" not in path}
        self._patterns = [(path.split("/"), methods) for path, methods in table.items() if "{" in path]
        self._feed = feed
        self._settle = settle

    async def answer(self, asked: Asked) -> Told:
        methods = self._find(asked.path)
        if methods is None:
            raise NotFound(f"There is nothing at /admin/api/{asked.path}.")
        answer = methods.get(asked.method)
        if answer is None:
            raise OtherMethod(asked.method, methods)
        self._settle()
        return await answer(asked)

    def watch(self) -> Watcher:
        return self._feed.watch()

    def _find(self, path: str) -> Mapping[str, Answer] | None:
        exact = self._exact.get(path)
        if exact is not None:
            return exact
        parts = path.split("/")
        for pattern, methods in self._patterns:
            if len(pattern) == len(parts) and all(
                part if wanted.startswith("{") else wanted == part for wanted, part in zip(pattern, parts, strict=True)
            ):
                return methods
        return None
