from injector import Binder

from tests.domain.guardrails.test_hooks import Hooks
from tornado_gateway.bootstrap import make_injector
from tornado_gateway.config.build import load
from tornado_gateway.config.schema import packaged_default
from tornado_gateway.domain.gateway import GatewayService
from tornado_gateway.domain.guardrails.guard import Guard
from tornado_gateway.domain.guardrails.hooks import HookClient, HookReply
from tornado_gateway.providers.guard_hook import HttpHooks


async def test_hooks_are_asked_by_http() -> None:
    house = make_injector(load(packaged_default(), {}))
    assert isinstance(house.get(HookClient), HttpHooks)
    assert house.get(GatewayService)._guard is house.get(Guard)


async def test_one_line_replaces_who_is_asked() -> None:
    other = Hooks(HookReply("allow"))

    def replacement(binder: Binder) -> None:
        binder.bind(HookClient, to=other)

    assert make_injector(load(packaged_default(), {}), replacement).get(Guard)._hooks is other  # type: ignore[arg-type]
