"""The rules for texts, put together: a part of the composition root.

A module with one line replaces who is asked outside (``HookClient``) in a test.
"""

import httpx
from injector import Module, provider, singleton

from tornado_gateway.domain.guardrails.guard import Guard
from tornado_gateway.domain.guardrails.hooks import HookClient
from tornado_gateway.domain.ports import Publisher
from tornado_gateway.providers.guard_hook import HttpHooks


class GuardModule(Module):
    """Who applies the rules that a snapshot brings."""

    @singleton
    @provider
    def hooks(self, transport: httpx.AsyncBaseTransport) -> HookClient:
        return HttpHooks(transport)

    @singleton
    @provider
    def guard(self, hooks: HookClient, publisher: Publisher) -> Guard:
        return Guard(hooks=hooks, publisher=publisher)
