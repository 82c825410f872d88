"""Is it up, may it be sent traffic, and under which configuration."""

from typing import Any

import msgspec

from tornado_gateway.httpserver.base import BaseHandler


class HealthHandler(BaseHandler):
    def get(self) -> None:
        self.write_json(b'{"status":"healthy"}')

    head = get


class LiveHandler(BaseHandler):
    def get(self) -> None:
        self.write_json(b'{"status":"alive"}')

    head = get


class ReadyHandler(BaseHandler):
    """503 while draining, so that a balancer sends its calls elsewhere."""

    def get(self) -> None:
        draining = self.services.lifecycle.draining
        document: dict[str, Any] = {
            "status": "draining" if draining else "ready",
            "config": dict(self.services.config_status()),
            "providers": dict(self.services.conditions()),
        }
        if self.services.worker is not None:
            document["worker"] = self.services.worker
        self.write_json(msgspec.json.encode(document), 503 if draining else 200)

    head = get
