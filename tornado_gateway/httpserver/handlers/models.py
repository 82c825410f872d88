"""The routes as OpenAI's list of models: those that the caller may use.

Wire: OpenAI API reference, "List models" and "Retrieve model".
"""

from typing import Any

import msgspec

from tornado_gateway.domain import routing
from tornado_gateway.domain.listing import usable
from tornado_gateway.domain.principal import check_model
from tornado_gateway.domain.routes import Route
from tornado_gateway.domain.snapshot import Snapshot
from tornado_gateway.httpserver.base import BaseHandler


class ModelsHandler(BaseHandler):
    async def get(self) -> None:
        await self.identify()
        snapshot = self.services.snapshots.current
        named = usable(snapshot.routes, self.context.principal)
        data = [_model(name, route, snapshot) for name, route in named]
        self.write_json(msgspec.json.encode({"object": "list", "data": data}))

    head = get


class ModelHandler(BaseHandler):
    """A name that only a pattern serves is a model too."""

    async def get(self, name: str) -> None:
        await self.identify()
        principal = self.context.principal
        check_model(principal, name)
        snapshot = self.services.snapshots.current
        route = snapshot.routes.get(name) or routing.find(snapshot.routes, name, principal)
        self.write_json(msgspec.json.encode(_model(name, route, snapshot)))

    head = get


def _model(name: str, route: Route, snapshot: Snapshot) -> dict[str, Any]:
    return {
        "id": name,
        "object": "model",
        "created": int(snapshot.loaded_at.timestamp()),
        "owned_by": route.targets[0].provider,
    }
