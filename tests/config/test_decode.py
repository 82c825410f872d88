from decimal import Decimal

import pytest

from tornado_gateway.config.decode import decode
from tornado_gateway.config.model import TargetSettings
from tornado_gateway.config.schema import settle_types, validate
from tornado_gateway.config.source import read
from tornado_gateway.domain.policies import Fallback

TEXT = """\
server: {port: 1, read_timeout: 1.5}
log: {level: DEBUG, format: human}
cors: {allowed_origins: ["https://a.example"], max_age: 5}
providers:
  echo: {kind: echo, pause: 0.5}
  openai: {kind: openai, base_url: "http://x/v1", api_key: k, timeout: 7, max_retries: 0}
routes:
  echo4: {provider: echo}
  fast: {strategy: weighted, targets: [{provider: openai, model: m, weight: 3}], fallbacks: [echo4]}
pricing:
  allow_unpriced: true
  models:
    echo/echo4: {free: true}
    openai/m: {input: 0.10, output: 2, cached_input: 0.01}
"""


def test_a_document_becomes_settings() -> None:
    settings = decode(read(TEXT, "f", {}))
    assert (settings.server.port, settings.server.read_timeout, settings.server.write_timeout) == (1, 1.5, 30.0)
    assert (settings.log.level, settings.log.format) == ("DEBUG", "human")
    assert (settings.cors.origins, settings.cors.max_age) == (frozenset({"https://a.example"}), 5)
    echo, openai = settings.providers
    assert (echo.kind, echo.options, echo.timeout) == ("echo", {"pause": 0.5}, 60.0)
    assert (openai.base_url, openai.api_key, openai.timeout, openai.max_retries) == ("http://x/v1", "k", 7.0, 0)
    short, fast = settings.routes
    assert short.targets == (TargetSettings("echo"),)
    assert (fast.targets, fast.strategy, fast.fallbacks) == (
        (TargetSettings("openai", "m", 3),),
        "weighted",
        (Fallback("echo4"),),
    )
    assert fast.line == 9
    free, priced = settings.prices
    assert free.free
    assert (str(priced.input), priced.output, priced.cached_input) == ("0.10", 2, Decimal("0.01"))
    assert priced.line == 14
    assert settings.allow_unpriced


def test_a_key_loses_the_line_break_of_its_mounted_file() -> None:
    text = 'providers: {a: {kind: openai, api_key: "${K}"}}\nroutes: {}\npricing: {models: {}}'
    assert decode(read(text, "f", {"K": "sk-x\n"})).providers[0].api_key == "sk-x"
    assert decode(read(text, "f", {"K": " \n"})).providers[0].api_key is None


def test_empty_texts_are_nothing() -> None:
    text = 'providers: {a: {kind: openai, api_key: "", base_url: ""}}\nroutes: {}\npricing: {models: {}}'
    (provider,) = decode(read(text, "f", {})).providers
    assert provider.api_key is None
    assert provider.base_url is None


@pytest.mark.parametrize(("workers", "wanted"), [("4", 4), ("auto", "auto")])
def test_workers_are_a_number_or_auto_from_outside_too(workers: str, wanted: object) -> None:
    source = read(TEXT.replace("port: 1,", 'workers: "${WORKERS}",'), "f", {"WORKERS": workers})
    settle_types(source)
    assert not [problem for problem in validate(source) if problem.path == ("server", "workers")]
    assert decode(source).server.workers == wanted
