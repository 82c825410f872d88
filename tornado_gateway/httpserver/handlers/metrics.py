"""Prometheus text: for everybody who reaches the port, unless ``auth.metrics`` asks for a key."""

from tornado_gateway.httpserver.base import BaseHandler


class MetricsHandler(BaseHandler):
    async def get(self) -> None:
        if self.services.snapshots.current.access.metrics:
            await self.identify(demanded=True)
        body, content_type = self.services.render_metrics()
        self.set_header("Content-Type", content_type)
        self.finish(body)

    head = get
