"""The pages under ``/admin``, readable at a glance."""

from tornado.routing import URLSpec

from tornado_gateway.httpserver.page.assets import Assets
from tornado_gateway.httpserver.page.base import NoSuchPage
from tornado_gateway.httpserver.page.handlers.configuration import ConfigurationHandler, EditHandler, ReloadsHandler
from tornado_gateway.httpserver.page.handlers.keys import KeyHandler, KeysHandler
from tornado_gateway.httpserver.page.handlers.live import LiveEventsHandler, LiveHandler
from tornado_gateway.httpserver.page.handlers.login import LoginHandler, LogoutHandler
from tornado_gateway.httpserver.page.handlers.moved import MovedHandler
from tornado_gateway.httpserver.page.handlers.overview import OverviewHandler, OverviewSpendHandler
from tornado_gateway.httpserver.page.handlers.prices import PricesHandler
from tornado_gateway.httpserver.page.handlers.requests import RequestHandler, RequestsHandler
from tornado_gateway.httpserver.page.handlers.routes import RoutesHandler
from tornado_gateway.httpserver.page.handlers.spend import SpendHandler
from tornado_gateway.httpserver.page.handlers.static import StaticHandler
from tornado_gateway.httpserver.page.look import Look


def page_tree() -> list[URLSpec]:
    shared = {"look": Look(Assets())}
    return [
        URLSpec(r"/admin", MovedHandler, shared),
        URLSpec(r"/admin/static/([0-9a-f]+)/([\w./-]+)", StaticHandler, shared),
        URLSpec(r"/admin/login", LoginHandler, shared),
        URLSpec(r"/admin/logout", LogoutHandler, shared),
        URLSpec(r"/admin/", OverviewHandler, shared),
        URLSpec(r"/admin/overview/spend", OverviewSpendHandler, shared),
        URLSpec(r"/admin/spend", SpendHandler, shared),
        URLSpec(r"/admin/live", LiveHandler, shared),
        URLSpec(r"/admin/live/events", LiveEventsHandler, shared),
        URLSpec(r"/admin/requests", RequestsHandler, shared),
        URLSpec(r"/admin/requests/([^/]+)", RequestHandler, shared),
        URLSpec(r"/admin/routes", RoutesHandler, shared),
        URLSpec(r"/admin/prices", PricesHandler, shared),
        URLSpec(r"/admin/configuration", ConfigurationHandler, shared),
        URLSpec(r"/admin/configuration/edit", EditHandler, shared),
        URLSpec(r"/admin/configuration/reloads", ReloadsHandler, shared),
        URLSpec(r"/admin/keys", KeysHandler, shared),
        URLSpec(r"/admin/keys/([^/]+)", KeyHandler, shared),
        URLSpec(r"/admin/.*", NoSuchPage, shared),
    ]
