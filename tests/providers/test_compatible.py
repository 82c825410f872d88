import json
import re
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from openai.types.chat import CompletionCreateParams
from pydantic import TypeAdapter

from tests.support import FakeClock, call, context
from tornado_gateway.config.build import parse
from tornado_gateway.config.schema import load_schema
from tornado_gateway.domain.chat import ChatRequest, Message, ResponseFormat, Text, Thinking
from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.domain.wire import OPENAI_CHAT
from tornado_gateway.providers.compatible import UNKNOWN, VENDORS
from tornado_gateway.providers.openai.request import chat_document
from tornado_gateway.providers.openai.vendor import Vendor
from tornado_gateway.providers.registry import ProviderRegistry, ProviderSpec

PAGE = Path(__file__).parents[2] / "docs" / "providers.md"
ACCEPTED: TypeAdapter[Any] = TypeAdapter(CompletionCreateParams)
ANSWER = {"choices": [{"message": {"content": "x"}, "finish_reason": "stop"}]}


def chat(**more: Any) -> ChatRequest:
    return ChatRequest(model="m", messages=(Message("user", (Text("hi"),)),), **more)


def test_the_schema_offers_exactly_these() -> None:
    assert load_schema()["$defs"]["provider"]["properties"]["vendor"]["enum"] == list(VENDORS)


@pytest.mark.parametrize("row", VENDORS.values(), ids=lambda row: row.name)
def test_every_row_is_whole(row: Vendor) -> None:
    url = httpx.URL(str(row.base_url))
    assert (url.scheme == "https") is row.needs_key
    assert row.key_variable
    assert row.key_variable.isupper()
    assert OPENAI_CHAT in row.protocols
    assert not row.refused & row.hints
    document = chat_document(chat(max_tokens=5, temperature=0.5, stream=True), "m", [], row)
    ACCEPTED.validate_python(document)
    assert document[row.limit or "max_tokens"] == 5
    assert ("stream_options" in document) is row.usage_option


async def sent(spec: ProviderSpec, environ: dict[str, str] | None = None) -> httpx.Request:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=ANSWER)

    provider = ProviderRegistry(httpx.MockTransport(answer), FakeClock(), environ).make(spec)
    await provider.complete(call(), "m", context())
    return seen[0]


async def test_a_vendor_needs_no_address() -> None:
    request = await sent(ProviderSpec("x", "openai_compatible", api_key="k", options={"vendor": "groq"}))
    assert str(request.url) == "https://api.groq.com/openai/v1/chat/completions"
    assert request.headers["authorization"] == "Bearer k"


async def test_a_vendor_behind_another_address() -> None:
    spec = ProviderSpec(
        "x", "openai_compatible", base_url="http://up.example/v1", api_key="k", options={"vendor": "groq"}
    )
    assert str((await sent(spec)).url) == "http://up.example/v1/chat/completions"


async def test_a_key_is_found_where_the_vendors_own_client_looks_for_it() -> None:
    spec = ProviderSpec("x", "openai_compatible", options={"vendor": "mistral"})
    assert (await sent(spec, {"MISTRAL_API_KEY": "k1\n"})).headers["authorization"] == "Bearer k1"


@pytest.mark.parametrize("options", [{"vendor": "ollama"}, {"vendor": "vllm"}, {"vendor": "lmstudio"}, {}])
async def test_a_server_of_ones_own_needs_no_key_and_is_sent_none(options: dict[str, str]) -> None:
    spec = ProviderSpec("x", "openai_compatible", base_url="http://up.example/v1", options=options)
    assert "authorization" not in (await sent(spec)).headers


def test_configured_or_not() -> None:
    registry = ProviderRegistry(httpx.MockTransport(lambda request: httpx.Response(500)), FakeClock(), {})

    def made(**options: str) -> bool:
        return registry.make(ProviderSpec("x", "openai_compatible", base_url="http://a", options=options)).configured

    assert made()
    assert {name: made(vendor=name) for name in VENDORS} == {row.name: not row.needs_key for row in VENDORS.values()}


async def test_an_unknown_one_gets_the_request_as_it_is() -> None:
    seen: list[Any] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(json.loads(request.content))
        return httpx.Response(200, json=ANSWER)

    spec = ProviderSpec("x", "openai_compatible", base_url="http://up.example/v1")
    asked = call(n=3, logprobs=True, max_completion_tokens=5, store=True, own={"x": 1})
    await ProviderRegistry(httpx.MockTransport(answer), FakeClock()).make(spec).complete(asked, "m", context())
    assert seen == [{**msgspec.json.decode(msgspec.json.encode(asked.wire.fields)), "model": "m"}]


@pytest.mark.parametrize(
    ("vendor", "wanted", "members"),
    [
        ("groq", Thinking(effort="minimal"), {"reasoning_effort": "low"}),
        ("mistral", Thinking(effort="none"), {"reasoning_effort": "none"}),
        ("mistral", Thinking(effort="medium"), {"reasoning_effort": "high"}),
        ("openrouter", Thinking(effort="max"), {"reasoning_effort": "xhigh"}),
        ("zai", Thinking(enabled=False), {"thinking": {"type": "disabled"}}),
        ("deepseek", Thinking(effort="none"), {"thinking": {"type": "disabled"}}),
        ("deepseek", Thinking(effort="low"), {"thinking": {"type": "enabled"}, "reasoning_effort": "high"}),
        ("zai", Thinking(budget_tokens=1024), {"thinking": {"type": "enabled"}, "reasoning_effort": "low"}),
    ],
)
def test_efforts(vendor: str, wanted: Thinking, members: dict[str, Any]) -> None:
    document = chat_document(chat(thinking=wanted), "m", [], VENDORS[vendor])
    assert {name: document[name] for name in ("thinking", "reasoning_effort") if name in document} == members


def test_a_schema_that_a_vendor_can_t_hold_to_is_refused_by_name() -> None:
    schema = chat(response_format=ResponseFormat("json_schema", {"type": "object"}))
    with pytest.raises(InvalidRequest) as refused:
        chat_document(schema, "m", [], VENDORS["deepseek"])
    assert refused.value.param == "response_format.type"
    assert chat_document(schema, "m", [], UNKNOWN)["response_format"]["type"] == "json_schema"


def test_top_k_where_it_has_a_place() -> None:
    asked = chat(top_k=5, family="anthropic")
    assert chat_document(asked, "m", [], VENDORS["vllm"])["top_k"] == 5
    with pytest.raises(InvalidRequest):
        chat_document(asked, "m", [], VENDORS["groq"])


@pytest.mark.parametrize("row", VENDORS.values(), ids=lambda row: row.name)
def test_the_page_on_providers_names_it(row: Vendor) -> None:
    key = f"`{row.key_variable}`" if row.needs_key else "none needed"
    assert f"| `{row.name}` | {row.title} | `{row.base_url}` | {key} |" in PAGE.read_text()


def test_the_pages_files_are_good_ones(tmp_path: Path) -> None:
    first, second = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    head = "version: 1\n"
    tail = "pricing: {unit: per_1k_tokens, currency: USD, models: {groq/m: {free: true}}}\n"
    routes = "routes: {m: {provider: groq}}\n"
    added = second.replace("pricing:\n", "pricing:\n  unit: per_1k_tokens\n  currency: USD\n")
    assert len(second.splitlines()) < 10
    for text in (head + first + routes + tail, head + added):
        assert parse(text.encode(), tmp_path / "gateway.yaml", {"ACME_API_KEY": "k"}).settings.providers
