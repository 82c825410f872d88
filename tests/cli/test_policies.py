from tornado_gateway.cli.policies import of_guards, of_route, of_target, on_kinds
from tornado_gateway.config.model import EndpointSettings, ProviderSettings
from tornado_gateway.domain.caching import CachePolicy
from tornado_gateway.domain.guardrails.rules import Checks, HookRule, MatchRule, RouteGuards, SizeRule, ToolRule
from tornado_gateway.domain.policies import Fallback, Hedge, Mirror, Timeouts
from tornado_gateway.domain.routes import Route, RouteTarget

TARGETS = (RouteTarget("p"),)
PLAIN = Route("a", TARGETS)


def test_a_route_says_what_it_has() -> None:
    assert list(of_route(PLAIN)) == []
    assert list(of_route(Route("a", TARGETS, cache=CachePolicy(300)))) == [
        "  cache: an answer of up to 1048576 bytes is kept 300 s, for each caller apart"
    ]
    assert list(of_route(Route("a", TARGETS, cache=CachePolicy(0.5, "shared", 10)))) == [
        "  cache: an answer of up to 10 bytes is kept 0.5 s, for everybody"
    ]
    assert list(of_route(Route("a", TARGETS, hedge=Hedge(percentile=0.95), mirror=Mirror("b", 2.5)))) == [
        "  hedge: a second target after p95",
        "  mirror: a copy of 2.5 % to 'b'",
    ]
    assert list(of_route(Route("a", TARGETS, hedge=Hedge(after=2.0)))) == ["  hedge: a second target after 2 s"]


def test_a_target_is_asked_as_its_provider_says_and_before_it_its_route() -> None:
    provider = ProviderSettings("p", "openai", endpoints=(EndpointSettings(),) * 2, timeouts=Timeouts(5, idle=7))
    assert list(of_target(PLAIN, provider)) == ["     3 retries; connect 5 s, first_token 60 s, idle 7 s; 2 endpoints"]
    route = Route("a", TARGETS, retries=1, timeouts=Timeouts(total=9, idle=0.5))
    assert list(of_target(route, ProviderSettings("p", "openai", timeout=4))) == [
        "     1 retry; first_token 4 s, idle 0.5 s, total 9 s"
    ]


def test_who_is_nowhere_else_has_no_times() -> None:
    assert list(of_target(PLAIN, ProviderSettings("p", "echo"))) == []


def test_the_usual_kinds_of_failure_go_without_saying() -> None:
    assert on_kinds(Fallback("b")) == ""
    assert on_kinds(Fallback("b", frozenset({"timeout", "rejected"}))) == " on rejected, timeout"


def test_the_rules_for_what_is_asked_and_answered() -> None:
    assert list(of_guards(PLAIN)) == []
    size, tools, hook = (
        SizeRule("size", "deny", 5),
        ToolRule("tools", "flag"),
        HookRule("out", "http://h", fail="open"),
    )
    match = MatchRule("mails", "redact", (), window=256)
    seen = MatchRule("seen", "flag", (), window=4096)
    guards = RouteGuards(Checks((match,), (size,), (tools,), (hook,)), Checks((match, match, seen)))
    assert list(of_guards(Route("a", TARGETS, guards=guards))) == [
        "  guardrails for what is asked: mails (redact), size (deny), tools (flag), out (a hook, 0.5 s, fails open)",
        "  guardrails for what is answered: mails (redact), seen (flag)",
        "  streams are held back by 256 characters at most",
    ]
    assert list(of_guards(Route("a", TARGETS, guards=RouteGuards(Checks(sizes=(size,)))))) == [
        "  guardrails for what is asked: size (deny)"
    ]
