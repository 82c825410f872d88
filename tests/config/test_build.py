import contextlib
import copy
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support import ScriptedProvider
from tornado_gateway.config.build import build, build_routes, load, parse
from tornado_gateway.config.problems import ConfigInvalid
from tornado_gateway.config.schema import packaged_default
from tornado_gateway.domain.caching import CachePolicy
from tornado_gateway.domain.policies import BreakerPolicy, Concurrency, Fallback, Hedge, Mirror, Timeouts
from tornado_gateway.domain.snapshot import Snapshot

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return Path(shutil.copy(packaged_default(), tmp_path / "gateway.yaml"))


def revision(text: str, **environ: str) -> str:
    return parse(text.encode(), Path("f"), environ).revision


def test_the_revision_tells_what_is_said_and_not_how(file: Path) -> None:
    text = file.read_text()
    first = revision(text)
    assert len(first) == 12
    assert revision("# a comment\n" + text) == first
    assert revision(text.replace("input: 0.03,", "input: 0.04,")) != first
    assert revision(text, OPENAI_API_KEY="sk-x") != first
    assert revision(text, OPENAI_TIMEOUT="60") == first


def test_every_variable_of_the_contract_works(file: Path) -> None:
    environ = {
        "SERVER_HOST": "0.0.0.0",
        "AUTH_REQUIRED": "false",
        "SERVER_PORT": "9000",
        "SERVER_READ_TIMEOUT": "1.5",
        "SERVER_WRITE_TIMEOUT": "2",
        "CORS_ALLOWED_ORIGINS": "https://a.example,https://b.example",
        "CORS_ALLOWED_METHODS": "GET,POST",
        "CORS_ALLOWED_HEADERS": "X-A,X-B",
        "CORS_ALLOW_CREDENTIALS": "false",
        "CORS_MAX_AGE": "7",
        "OPENAI_BASE_URL": "http://127.0.0.1:1/v1",
        "OPENAI_API_KEY": "sk-x",
        "OPENAI_TIMEOUT": "5",
        "OPENAI_MAX_RETRIES": "1",
    }
    settings = load(file, environ).settings
    server, cors, openai = settings.server, settings.cors, settings.providers[1]
    assert (server.host, server.port, server.read_timeout, server.write_timeout) == ("0.0.0.0", 9000, 1.5, 2.0)
    assert cors.origins == {"https://a.example", "https://b.example"}
    assert (cors.methods, cors.headers, cors.credentials, cors.max_age) == (("GET", "POST"), ("X-A", "X-B"), False, 7)
    assert (openai.base_url, openai.api_key, openai.timeout) == ("http://127.0.0.1:1/v1", "sk-x", 5.0)
    assert openai.max_retries == 1
    assert settings.auth.required is False


def test_a_snapshot_is_the_whole_file(file: Path) -> None:
    made: list[Any] = []

    def make(settings: Any) -> Any:
        made.append(settings.name)
        return ScriptedProvider(settings.name)

    loaded = load(file, {})
    snapshot = build(loaded, make_provider=make, now=lambda: NOW)
    assert (snapshot.revision, snapshot.loaded_at) == (loaded.revision, NOW)
    assert made == [provider.name for provider in loaded.settings.providers]
    assert [route.name for route in snapshot.routes][:4] == ["echo4", "gpt-4", "gpt-4-turbo", "gpt-3.5-turbo"]
    card = snapshot.prices.find("openai", "gpt-4")
    assert card is not None
    assert (str(card.input), str(card.output), card.free) == ("0.03", "0.06", False)
    line = file.read_text().splitlines()[(card.line or 0) - 1]
    assert "openai/gpt-4:" in line


def test_a_file_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match="can't be read: No such file"):
        load(tmp_path / "nope.yaml", {})
    with pytest.raises(ConfigInvalid) as refused:
        parse(b"a: 1\nb: \xc3\xa9 \xff\n", Path("f"), {})
    assert str(refused.value) == "f:2:6: not UTF-8"


def test_a_byte_order_mark_is_no_content(file: Path) -> None:
    assert parse(b"\xef\xbb\xbf" + file.read_bytes(), file, {}).revision == load(file, {}).revision


POLICIES = """
version: 1
providers:
  a: {kind: openai, endpoints: [{api_key: k}, {api_key: l}], breaker: %s, timeouts: {connect: 5}}
routes:
  r:
    targets: [{provider: a, model: m}]
    retry: {attempts: 3}
    timeouts: {total: 60}
    fallbacks: [s, {route: t, on: [%s]}]
    hedge: {after: p95}
    mirror: {route: s, percent: 2.5}
  s: {provider: a}
  t: {provider: a}
pricing: {unit: per_1k_tokens, currency: USD, models: {"a/*": {free: true}}}
"""


def test_policies_reach_the_route_and_the_provider() -> None:
    loaded = parse((POLICIES % ("false", "context_length")).encode(), Path("f"), {})
    (provider,) = loaded.settings.providers
    assert [endpoint.api_key for endpoint in provider.endpoints] == ["k", "l"]
    assert (provider.breaker, provider.timeouts) == (None, Timeouts(connect=5.0))
    route = build_routes(loaded.settings).find("r")
    assert route is not None
    assert (route.retries, route.timeouts) == (2, Timeouts(total=60.0))
    assert route.fallbacks == (Fallback("s"), Fallback("t", frozenset({"context_length"})))
    assert (route.hedge, route.mirror) == (Hedge(percentile=0.95), Mirror("s", 2.5))


def test_policies_are_told_by_the_revision_in_every_process_alike() -> None:
    first = revision(POLICIES % ("{ratio: 0.5}", "timeout, rejected, content_filter"))
    assert first == revision(POLICIES % ("{}", "content_filter, timeout, rejected"))
    assert first != revision(POLICIES % ("{}", "content_filter, timeout"))
    assert first != revision(POLICIES % ("false", "content_filter, timeout, rejected"))
    command = (
        "import sys; from pathlib import Path; from tornado_gateway.config.build import parse;"
        "print(parse(sys.stdin.buffer.read(), Path('f'), {}).revision)"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", command],
            input=(POLICIES % ("{}", "timeout, rejected, content_filter")).encode(),
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout.decode()
        for seed in ("1", "2")
    }
    assert told == {f"{first}\n"}


SEVERAL_ENDPOINTS = """\
version: 1
providers:
  p:
    kind: openai
    api_key: k0
    timeout: 20
    max_retries: 1
    endpoints: [{api_key: k1, weight: 2}, {base_url: "http://b/v1"}]
    timeouts: {connect: 3, idle: 7.5}
    breaker: {consecutive: 2}
    max_concurrency: 9
  echo: {kind: echo, breaker: false}
routes:
  m: {provider: p, retry: {attempts: 3}, timeouts: {total: 600}}
  e: {provider: echo}
pricing: {unit: per_1k_tokens, currency: USD, models: {p/m: {free: true}, echo/e: {free: true}}}
"""


def test_a_provider_has_an_adapter_for_each_endpoint_that_has_a_key() -> None:
    asked: list[tuple[str | None, str | None]] = []

    def make(settings: Any) -> Any:
        asked.append((settings.base_url, settings.api_key))
        return ScriptedProvider(settings.name, configured=settings.api_key != "k1", retries=settings.max_retries)

    snapshot = build(parse(SEVERAL_ENDPOINTS.encode(), Path("f"), {}), make_provider=make, now=lambda: NOW)
    assert asked == [(None, "k1"), ("http://b/v1", "k0"), (None, None)]
    known = snapshot.providers["p"]
    assert [(endpoint.key, endpoint.weight) for endpoint in known.endpoints] == [(("p", 1), 1)]
    assert (known.retries, known.timeout, known.timeouts) == (1, 20.0, Timeouts(3.0, 20.0, 7.5, None))
    assert (known.breaker, known.concurrency) == (BreakerPolicy(consecutive=2), Concurrency(9))
    assert snapshot.providers["echo"].breaker is None
    route = snapshot.routes.get("m")
    assert route is not None
    assert (route.retries, route.timeouts) == (2, Timeouts(total=600.0))


CACHED = """\
version: 1
cache: {memory_bytes: 5000000}
providers:
  p: {kind: anthropic, api_key: %s, base_url: "%s", version: "%s"}
routes:
  m: {provider: p, cache: {ttl: 60, scope: shared, max_bytes: 1000}}
  n: {provider: p}
pricing: {unit: per_1k_tokens, currency: USD, models: {"p/*": {free: true}}}
"""


def _cached(key: str = "k", url: str = "http://a", version: str = "1") -> Snapshot:
    loaded = parse((CACHED % (key, url, version)).encode(), Path("f"), {})
    return build(loaded, make_provider=lambda settings: ScriptedProvider(settings.name), now=lambda: NOW)


def test_a_cache_reaches_its_route_and_the_room_for_all_the_snapshot() -> None:
    made = _cached()
    policies = [route.cache for route in made.routes]
    assert policies == [CachePolicy(60.0, "shared", 1000), None]
    assert made.routes.caching
    assert made.cache_bytes == 5_000_000


def test_who_answers_is_told_by_kind_address_and_options_and_not_by_the_key() -> None:
    prints = [
        made.providers["p"].fingerprint
        for made in (_cached(), _cached(key="rotated"), _cached(url="http://b"), _cached(version="2"))
    ]
    assert prints[0] == prints[1]
    assert len(set(prints)) == 3


SECRET = "sk-planted-in-a-file"

MISUSED = """\
version: "${file:%(file)s}"
server: {port: "${file:%(file)s}", host: "${file:%(file)s}"}
cors: {allowed_origins: "x,${file:%(file)s}"}
providers:
  a: {kind: "${file:%(file)s}", ca_file: "${file:%(file)s}", proxy: "${file:%(file)s}"}
  b: {kind: azure_openai, timeout: "${file:%(file)s}", base_url: "${file:%(file)s}"}
routes:
  r: {provider: "${file:%(file)s}"}
  s:
    targets: [{provider: a}]
    strategy: "${file:%(file)s}"
    fallbacks: ["${file:%(file)s}"]
    mirror: {route: "${file:%(file)s}", percent: 1}
pricing:
  unit: "${file:%(file)s}"
  currency: USD
  models: {"a/*": {input: "${file:%(file)s}", output: 1, valid_until: "${file:%(file)s}"}}
  expect: [{model: "${file:%(file)s}", usage: {}, cost: "${file:%(file)s}"}]
"""


@pytest.mark.parametrize(
    "content", [SECRET, f"{SECRET}, {SECRET}-2", f"{SECRET} \"'\\ é", f"{SECRET}\n{SECRET}", "x" * 70]
)
def test_what_a_file_holds_is_in_no_problem_wherever_it_is_put(tmp_path: Path, content: str) -> None:
    file = tmp_path / "secret"
    file.write_text(content)
    with pytest.raises(ConfigInvalid) as refused:
        parse((MISUSED % {"file": file}).encode(), Path("f"), {})
    told = str(refused.value)
    assert len(refused.value.problems) > 10
    assert SECRET not in told
    assert "x" * 20 not in told
    assert "what its file holds" in told


def test_a_rotated_secret_is_another_revision_that_does_not_tell_it(tmp_path: Path, file: Path) -> None:
    secret = tmp_path / "openai"
    text = file.read_text().replace("${OPENAI_API_KEY:-}", f"${{file:{secret}:-}}")
    told = []
    for content in (None, "planted-1", "planted-1\n", "planted-2"):
        if content is not None:
            secret.write_text(content)
        loaded = parse(text.encode(), Path("f"), {})
        told.append(loaded.revision)
        assert "planted" not in repr(loaded)
    assert told[1] == told[2] == revision(file.read_text(), OPENAI_API_KEY="planted-1")
    assert told[0] == revision(file.read_text())
    assert len(set(told)) == 3


WHOLE = """\
version: 1
server: {tls: {cert_file: a, key_file: b}}
providers: {e: {kind: echo}, o: {kind: openai, api_key: x, endpoints: [{base_url: "https://a", api_key: k}]}}
routes:
  a: {provider: e, guardrails: [g]}
  b:
    targets: [{provider: o, model: m, weight: 2}]
    fallbacks: [{route: a, on: [timeout]}]
    mirror: {route: a, percent: 5}
    hedge: {after: 1}
    cache: {ttl: 3, scope: key}
    retry: {attempts: 2}
    budget: {amount: 3, period: day}
auth:
  keys: [{id: a, sha256: "00", models: [a], budget: {amount: 1, period: day}, limits: {concurrent: 1}}]
  jwt: {issuer: a, audience: b, algorithms: [RS256], jwks_url: "https://x/"}
budgets: [{tag: {team: a}, amount: 100, period: month}]
tag_limits: [{tag: {team: a}, requests_per_minute: 3}]
webhooks: [{url: "https://h/x", events: [budget_threshold], secret: "abc"}]
guardrails: {g: {match: {regex: "a"}, action: deny, on: request}}
otel: {endpoint: "http://h:1"}
pricing:
  unit: per_1k_tokens
  currency: USD
  expect: [{model: o/m, usage: {prompt_tokens: 1}, cost: "0.00003"}]
  models:
    e/a: {free: true}
    o/m: [{input: 0.03, output: 0.06, tiers: [{above: 9, input: 0.1}], valid_from: 2026-01-01}]
"""


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield (*at, key)
        yield from places(inner, (*at, key))


def test_whatever_is_missing_or_another_thing_is_told_and_breaks_nothing() -> None:
    whole = yaml.safe_load(WHOLE)
    for place in places(whole):
        for other in (None, [1], {"z": 1}, ...):
            document = copy.deepcopy(whole)
            holder = document
            for key in place[:-1]:
                holder = holder[key]
            if other is ...:
                del holder[place[-1]]
            else:
                holder[place[-1]] = other
            with contextlib.suppress(ConfigInvalid):
                parse(yaml.safe_dump(document, sort_keys=False).encode(), Path("f"), {})


def test_what_is_missing_hides_nothing_of_what_is_there() -> None:
    text = (
        WHOLE.replace("  unit: per_1k_tokens\n", "").replace("input: 0.03", "input: 30").replace("kind: openai, ", "")
    )
    with pytest.raises(ConfigInvalid) as refused:
        parse(text.encode(), Path("f"), {})
    told = str(refused.value)
    for said in (
        "providers.o: the key 'kind' is missing",
        "the key 'unit' is missing",
        "looks like a price for a million",
    ):
        assert said in told


@pytest.mark.parametrize(
    "wrong",
    [
        'server: {port: "${OPENAI_API_KEY}"}',
        'log: {level: "${OPENAI_API_KEY}"}',
        'server: {port: "${GUARD}"}',
        'server: {port: "x${OPENAI_API_KEY}"}',
    ],
)
@pytest.mark.parametrize("value", ["sk-planted", "sk-planted" * 20, "sk-'planted\\"])
def test_a_secret_in_the_wrong_place_is_not_told(wrong: str, value: str) -> None:
    text = (
        "version: 1\nproviders: {e: {kind: echo}}\nroutes: {r: {provider: nobody}}\n"
        "guardrails: {g: {hook: {url: 'https://g', headers: {a: '${GUARD}'}}}}\n" + wrong
    )
    with pytest.raises(ConfigInvalid) as refused:
        parse(text.encode(), Path("f"), {"OPENAI_API_KEY": value, "GUARD": value})
    assert "planted" not in str(refused.value)
    assert "holds)" in str(refused.value)


def test_what_is_no_secret_is_told() -> None:
    with pytest.raises(ConfigInvalid, match="not '8O80'"):
        parse(b'version: 1\nserver: {port: "${SERVER_PORT}"}', Path("f"), {"SERVER_PORT": "8O80"})
