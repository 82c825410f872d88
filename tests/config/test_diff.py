from pathlib import Path

from tornado_gateway.config.build import parse
from tornado_gateway.config.diff import differences, needs_restart
from tornado_gateway.config.model import Settings
from tornado_gateway.config.schema import packaged_default

TEXT = packaged_default().read_text()


def settings(*changes: tuple[str, str], **environ: str) -> Settings:
    text = TEXT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return parse(text.encode(), Path("f"), environ).settings


def test_nothing_changed() -> None:
    assert differences(settings(), settings(("version: 1", "# moved\nversion: 1"))) == ()


def test_prices_routes_and_providers_by_name() -> None:
    new = settings(
        ("openai/gpt-4: {input: 0.03", "openai/gpt-4: {input: 0.04"),
        ("  gpt-4-turbo: {provider: openai}\n", ""),
        ("  echo4: {provider: echo}", "  echo4: {provider: echo}\n  new: {provider: echo, model: echo4}"),
        ("openai/gpt-3.5-turbo: {input: 0.0005, output: 0.0015}", "openai/gpt-3.5-turbo: {free: true}"),
        ("{kind: echo}", "{kind: echo, pause: 1}"),
        ("    openai/gpt-4-turbo: {input: 0.01, output: 0.03}\n", "    openai/other: {free: true}\n"),
    )
    assert differences(settings(), new) == (
        "provider echo: pause changed",
        "route gpt-4-turbo removed",
        "route new added",
        "price of openai/gpt-4: input 0.03 -> 0.04",
        "price of openai/gpt-4-turbo removed",
        "price of openai/gpt-3.5-turbo: now free",
        "price of openai/other added",
    )


def test_a_changed_key_is_told_and_not_shown() -> None:
    lines = differences(settings(OPENAI_API_KEY="sk-planted-1"), settings(OPENAI_API_KEY="sk-planted-2"))
    assert lines == ("provider openai: api_key changed",)


def test_an_address_may_hold_a_secret_and_other_members_do_not() -> None:
    lines = differences(settings(), settings(OPENAI_BASE_URL="http://planted", OPENAI_TIMEOUT="1.5"))
    assert lines == ("provider openai: base_url changed, timeout 60 -> 1.5",)


def test_targets_and_fallbacks_of_a_route() -> None:
    new = settings(
        (
            "gpt-4: {provider: openai} # short",
            "gpt-4: {strategy: weighted, fallbacks: [echo4], "
            "targets: [{provider: openai, weight: 3}, {provider: echo, model: echo4}]} # short",
        )
    )
    assert differences(settings(), new) == (
        "route gpt-4: targets openai/gpt-4 -> openai/gpt-4 x3,echo/echo4, strategy priority -> weighted, "
        "fallbacks none -> echo4",
    )


def test_the_other_sections_by_their_members() -> None:
    new = settings(
        ("drain_timeout: 30", "drain_timeout: 5"),
        ("CORS_ALLOWED_ORIGINS:-*", "CORS_ALLOWED_ORIGINS:-https://b.example,https://a.example"),
        ("CORS_ALLOW_CREDENTIALS:-true", "CORS_ALLOW_CREDENTIALS:-false"),
        ("version: 1", "version: 1\nlog: {format: human}"),
        ("currency: USD", "currency: USD\n  allow_unpriced: true"),
    )
    assert differences(settings(), new) == (
        "pricing.allow_unpriced: false -> true",
        "server.drain_timeout: 30 -> 5",
        "log.format: json -> human",
        "cors.origins: * -> https://a.example,https://b.example",
        "cors.credentials: true -> false",
    )
    assert needs_restart(settings(), new) == ("log needs a restart",)


def test_what_needs_a_restart() -> None:
    assert needs_restart(settings(), settings(SERVER_PORT="1", SERVER_READ_TIMEOUT="9")) == (
        "server.port needs a restart",
    )


def test_a_receivers_address_and_credentials_are_said_to_have_changed_and_never_shown() -> None:
    receiver = "endpoint: 'http://a/planted'"
    old = settings(("\nproviders:", f"\notel: {{{receiver}, headers: {{authorization: planted}}}}\nproviders:"))
    new = settings(("\nproviders:", "\notel: {endpoint: 'http://b/planted', sample_ratio: 0.5}\nproviders:"))
    assert differences(old, new) == (
        "otel.endpoint changed",
        "otel.headers changed",
        "otel.sample_ratio: 1 -> 0.5",
    )
    assert needs_restart(old, new) == ("otel needs a restart",)


BEFORE = (
    ("{kind: echo}", "{kind: echo, breaker: {ratio: 0.6}}"),
    (
        "kind: openai\n",
        "kind: openai\n    endpoints: [{api_key: sk-planted-1}, {base_url: 'http://planted'}]\n"
        "    timeouts: {total: 600}\n    max_concurrency: 3\n    proxy: 'http://me:planted@proxy'\n",
    ),
    ("gpt-4: {provider: openai} # short", "gpt-4: {provider: openai, hedge: {after: p95}, fallbacks: [echo4]} # short"),
)


def test_policies_by_the_member_that_changed() -> None:
    after = (
        ("{kind: echo}", "{kind: echo, breaker: false}"),
        (
            "kind: openai\n",
            "kind: openai\n    endpoints: [{api_key: sk-planted-2}, {base_url: 'http://planted', weight: 2}]\n"
            "    timeouts: {connect: 5, total: 60}\n    max_concurrency: 3\n    queue: {wait: 0.5}\n"
            "    ca_file: ''\n    proxy: 'http://proxy'\n",
        ),
        (
            "gpt-4: {provider: openai} # short",
            "gpt-4: {provider: openai, retry: {attempts: 2}, mirror: {route: echo4, percent: 5}, hedge: {after: 2}, "
            "fallbacks: [{route: echo4, on: [timeout, rejected]}]} # short",
        ),
    )
    key = {"OPENAI_API_KEY": "k"}
    assert differences(settings(*BEFORE, **key), settings(*after, **key)) == (
        "provider echo: breaker consecutive 10 ratio 0.6 window 30 minimum 20 cooldown 15 -> none",
        "provider openai: endpoints[0].api_key changed, endpoints[1].weight 1 -> 2, timeouts.connect none -> 5, "
        "timeouts.total 600 -> 60, concurrency.wait 1 -> 0.5, proxy changed",
        "route gpt-4: fallbacks echo4 -> echo4 on rejected+timeout, retries none -> 1, hedge.after none -> 2, "
        "hedge.percentile 0.95 -> none, mirror none -> route echo4 percent 5",
    )


def test_endpoints_that_came_or_went_are_counted() -> None:
    new = settings(*BEFORE[1:2], OPENAI_API_KEY="k")
    old = settings(OPENAI_API_KEY="k")
    assert "endpoints 1 -> 2" in differences(old, new)[0]


def test_a_cache_that_comes_and_changes() -> None:
    plain, one = "gpt-4: {provider: openai} # short", "gpt-4: {provider: openai, cache: {ttl: 60}} # short"
    other = "gpt-4: {provider: openai, cache: {ttl: 300, scope: shared}} # short"
    old, new = (
        settings((plain, one)),
        settings((plain, other), ("version: 1", "version: 1\ncache: {memory_bytes: 9999999}")),
    )
    assert differences(settings(), old) == ("route gpt-4: cache none -> ttl 60 scope key max_bytes 1048576",)
    assert differences(old, new) == (
        "route gpt-4: cache.ttl 60 -> 300, cache.scope key -> shared",
        "cache.memory_bytes: 67108864 -> 9999999",
    )
    assert needs_restart(old, new) == ()


def test_limits_and_budgets_hold_at_once_and_their_store_does_not() -> None:
    new = settings(
        (
            "version: 1\n",
            "version: 1\nlimits: {concurrent: 5}\nstate: {url: 'redis://:planted@host:6379/0'}\n"
            "webhooks: [{url: 'https://a.example/planted'}]\n",
        )
    )
    assert differences(settings(), new) == (
        "limits of everyone: none -> 5 concurrent",
        "webhooks changed",
        "state.url changed",
    )
    assert needs_restart(settings(), new) == ("state needs a restart",)


def test_a_ledgers_url_is_told_and_not_shown_and_needs_a_restart() -> None:
    old = settings(LEDGER_URL="postgresql://me:planted@db/usage")
    new = settings(
        ("  url:", "  retention_days: 90\n  flush_interval: 0.1\n  url:"), LEDGER_URL="postgresql://me:planted@db/other"
    )
    assert differences(old, new) == (
        "ledger.url changed",
        "ledger.flush_interval: 0.5 -> 0.1",
        "ledger.retention_days: none -> 90",
    )
    assert needs_restart(old, new) == ("ledger needs a restart",)
