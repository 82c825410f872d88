"""Prometheus text."""

from tornado_gateway.httpserver.base import BaseHandler


class MetricsHandler(BaseHandler):
    def get(self) -> None:
        body, content_type = self.services.render_metrics()
        self.set_header("Content-Type", content_type)
        self.finish(body)

    head = get
