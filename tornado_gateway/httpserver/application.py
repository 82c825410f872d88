"""The handler tree and the order of the gates, readable at a glance."""

from tornado.routing import URLSpec
from tornado.web import Application

from tornado_gateway.domain.snapshot import SnapshotHolder
from tornado_gateway.httpserver.base import UnknownPath
from tornado_gateway.httpserver.dialects.anthropic_messages import AnthropicCountTokens, AnthropicMessages
from tornado_gateway.httpserver.dialects.completions import CompletionsForm
from tornado_gateway.httpserver.dialects.native import Native
from tornado_gateway.httpserver.dialects.openai_chat import OpenAIChat
from tornado_gateway.httpserver.dialects.openai_embeddings import OpenAIEmbeddings
from tornado_gateway.httpserver.dialects.openai_legacy import OpenAILegacy
from tornado_gateway.httpserver.dialects.openai_responses import OpenAIResponses
from tornado_gateway.httpserver.gates.address import AddressGate
from tornado_gateway.httpserver.gates.auth import AuthGate
from tornado_gateway.httpserver.gates.base import Gate
from tornado_gateway.httpserver.gates.cors import CorsGate
from tornado_gateway.httpserver.gates.deadline import DeadlineGate
from tornado_gateway.httpserver.gates.drain import DrainGate
from tornado_gateway.httpserver.gates.freshness import FreshnessGate
from tornado_gateway.httpserver.gates.trace import TraceGate
from tornado_gateway.httpserver.handlers.admin import AdminEventsHandler, AdminHandler
from tornado_gateway.httpserver.handlers.health import HealthHandler, LiveHandler, ReadyHandler
from tornado_gateway.httpserver.handlers.metrics import MetricsHandler
from tornado_gateway.httpserver.handlers.model_call import ModelCallHandler
from tornado_gateway.httpserver.handlers.models import ModelHandler, ModelsHandler
from tornado_gateway.httpserver.lifecycle import Lifecycle
from tornado_gateway.httpserver.page.tree import page_tree
from tornado_gateway.httpserver.services import Services


def make_gates(snapshots: SnapshotHolder, lifecycle: Lifecycle, auth: AuthGate) -> tuple[Gate, ...]:
    """What a model call passes, first to last. Their headers go on every answer, errors too."""
    return (
        TraceGate(),
        CorsGate(snapshots),
        DrainGate(lifecycle),
        auth,
        DeadlineGate(),
        FreshnessGate(snapshots),
        AddressGate(snapshots),
    )


def _admin() -> list[URLSpec]:
    return [
        URLSpec(r"/admin/api/events", AdminEventsHandler),
        URLSpec(r"/admin/api/(.*)", AdminHandler),
        *page_tree(),
    ]


def make_application(services: Services) -> Application:
    """The tree over ``services``."""
    native = Native(services.clock.now)
    completions = CompletionsForm(native=native, legacy=OpenAILegacy(services.clock.now))
    return Application(
        [
            URLSpec(r"/v1/completions", ModelCallHandler, {"dialect": native, "pick": completions.pick}),
            URLSpec(r"/v1/chat/completions", ModelCallHandler, {"dialect": OpenAIChat(services.clock.now)}),
            URLSpec(r"/v1/responses", ModelCallHandler, {"dialect": OpenAIResponses(services.clock.now)}),
            URLSpec(r"/v1/embeddings", ModelCallHandler, {"dialect": OpenAIEmbeddings()}),
            URLSpec(r"/v1/messages", ModelCallHandler, {"dialect": AnthropicMessages()}),
            URLSpec(r"/v1/messages/count_tokens", ModelCallHandler, {"dialect": AnthropicCountTokens()}),
            URLSpec(r"/v1/models", ModelsHandler),
            URLSpec(r"/v1/models/(.+)", ModelHandler),
            URLSpec(r"/health", HealthHandler),
            URLSpec(r"/health/live", LiveHandler),
            URLSpec(r"/health/ready", ReadyHandler),
            URLSpec(r"/metrics", MetricsHandler),
            *(() if services.admin is None else _admin()),
        ],
        default_handler_class=UnknownPath,
        log_function=lambda handler: None,  # the event bus says more, and off the request's path
        services=services,
    )
