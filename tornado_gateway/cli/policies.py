"""What ``explain`` says of policies: a line where there is something to say."""

from collections.abc import Iterator
from dataclasses import fields

from tornado_gateway.config.kinds import KINDS
from tornado_gateway.config.model import ProviderSettings
from tornado_gateway.domain.caching import CachePolicy
from tornado_gateway.domain.guardrails.rules import Checks
from tornado_gateway.domain.policies import USUAL_KINDS, Fallback, Hedge, Timeouts
from tornado_gateway.domain.routes import Route


def of_route(route: Route) -> Iterator[str]:
    """Cache, hedge and mirror, where the route has them."""
    if route.cache is not None:
        yield f"  cache: {_kept(route.cache)}"
    if route.hedge is not None:
        yield f"  hedge: a second target after {_after(route.hedge)}"
    if route.mirror is not None:
        yield f"  mirror: a copy of {route.mirror.percent:g} % to {route.mirror.route!r}"


def of_guards(route: Route) -> Iterator[str]:
    """The rules for what is asked and answered; a call is under those of the route that it names."""
    if route.guards is None:
        return
    for what, checks in (("what is asked", route.guards.request), ("what is answered", route.guards.response)):
        if checks is not None:
            yield f"  guardrails for {what}: {', '.join(_rules(checks))}"
    checks = route.guards.response
    held = [rule.window for rule in checks.matching if rule.action != "flag"] if checks is not None else []
    if held:
        yield f"  streams are held back by {max(held)} characters at most"


def of_target(route: Route, provider: ProviderSettings) -> Iterator[str]:
    """How often and how long it is asked, and at how many places."""
    if "timeouts" not in KINDS[provider.kind].keys:
        return
    retries = provider.max_retries if route.retries is None else route.retries
    usual = Timeouts(first_token=provider.timeout, idle=provider.timeout)
    timeouts = route.timeouts.over(provider.timeouts).over(usual)
    times = ", ".join(
        f"{each.name} {value:g} s" for each in fields(timeouts) if (value := getattr(timeouts, each.name)) is not None
    )
    places = f"; {len(provider.endpoints)} endpoints" if len(provider.endpoints) > 1 else ""
    yield f"     {retries} {'retry' if retries == 1 else 'retries'}; {times}{places}"


def on_kinds(fallback: Fallback) -> str:
    """Nothing where it is for the usual kinds."""
    return "" if fallback.on == USUAL_KINDS else f" on {', '.join(sorted(fallback.on))}"


def _rules(checks: Checks) -> Iterator[str]:
    acts = {rule.name: rule.action for rule in checks.matching}
    acts |= {rule.name: rule.action for rule in checks.sizes} | {rule.name: rule.action for rule in checks.tools}
    yield from (f"{name} ({action})" for name, action in acts.items())
    yield from (f"{rule.name} (a hook, {rule.deadline:g} s, fails {rule.fail})" for rule in checks.hooks)


def _kept(cache: CachePolicy) -> str:
    whose = "for everybody" if cache.scope == "shared" else "for each caller apart"
    return f"an answer of up to {cache.max_bytes} bytes is kept {cache.ttl:g} s, {whose}"


def _after(hedge: Hedge) -> str:
    return f"{hedge.after:g} s" if hedge.percentile is None else f"p{hedge.percentile * 100:g}"
