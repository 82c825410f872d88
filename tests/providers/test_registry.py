import httpx
import pytest

from tests.support import FakeClock, call, context
from tornado_gateway.domain.probing import Probed
from tornado_gateway.providers.registry import ProviderRegistry, ProviderSpec


def registry(handler: object = None) -> ProviderRegistry:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise AssertionError(f"nobody is to be asked, and {request.url} was")

    return ProviderRegistry(httpx.MockTransport(handler or refuse), FakeClock())  # type: ignore[arg-type]


def test_an_unknown_kind_is_an_error_of_ours() -> None:
    with pytest.raises(KeyError):
        registry().make(ProviderSpec("x", "nope"))


def test_a_key_never_shows() -> None:
    assert "sk-planted" not in repr(ProviderSpec("x", "openai", api_key="sk-planted"))


def test_without_a_key_openai_is_not_configured() -> None:
    made = registry()
    assert not made.make(ProviderSpec("x", "openai")).configured
    assert made.make(ProviderSpec("x", "openai", api_key="k")).configured
    assert made.make(ProviderSpec("x", "echo")).configured


async def test_key_and_base_url_reach_the_wire() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert str(request.url) == "http://up.example/v1/chat/completions"
        assert request.headers["authorization"] == "Bearer sk-1"
        return httpx.Response(200, json={"choices": []})

    spec = ProviderSpec("x", "openai", base_url="http://up.example/v1/", api_key="sk-1", max_retries=7)
    provider = registry(answer).make(spec)
    assert (provider.name, provider.retries) == ("x", 7)
    assert (await provider.complete(call(), "gpt-4", context())).relayed is not None


async def test_azure_has_a_header_of_its_own_and_the_model_in_the_path() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert str(request.url) == (
            "https://x.openai.azure.com/openai/deployments/dep/chat/completions?api-version=2024-02-01"
        )
        assert request.headers["api-key"] == "k"
        assert "authorization" not in request.headers
        assert b"stream_options" not in request.content
        stream = b'data: {"choices":[{"delta":{}}]}\n\ndata: [DONE]\n\n'
        return httpx.Response(200, content=stream, headers={"content-type": "text/event-stream"})

    spec = ProviderSpec(
        "x",
        "azure_openai",
        base_url="https://x.openai.azure.com",
        api_key="k",
        options={"api_version": "2024-02-01"},
    )
    provider = registry(answer).make(spec)
    assert [batch.last async for batch in provider.stream(call(stream=True), "dep", context())] == [True]
    assert not registry().make(ProviderSpec("x", "azure_openai", base_url="https://a")).configured


async def test_a_provider_with_a_proxy_or_certificates_of_its_own_has_a_transport_of_its_own() -> None:
    made: list[tuple[str | None, str | None]] = []
    closed: list[bool] = []

    class Transport(httpx.MockTransport):
        async def aclose(self) -> None:
            closed.append(True)

    def make(ca_file: str | None, proxy: str | None) -> httpx.AsyncBaseTransport:
        made.append((ca_file, proxy))
        return Transport(lambda request: httpx.Response(200, json={"choices": []}))

    shared = httpx.MockTransport(lambda request: httpx.Response(500))
    registry = ProviderRegistry(shared, FakeClock(), make_transport=make)
    for name in ("a", "b"):
        spec = ProviderSpec(name, "openai", api_key="k", proxy="http://me:planted@proxy:3128")
        assert "planted" not in repr(spec)
        assert (await registry.make(spec).complete(call(), "gpt-4", context())).relayed is not None
    registry.make(ProviderSpec("c", "openai", api_key="k", ca_file="/ca.pem"))
    registry.make(ProviderSpec("d", "openai", api_key="k"))
    assert made == [(None, "http://me:planted@proxy:3128"), ("/ca.pem", None)]
    await registry.close()
    assert closed == [True, True]


@pytest.mark.parametrize(
    ("spec", "url"),
    [
        (ProviderSpec("x", "openai", api_key="k"), "https://api.openai.com/v1/models"),
        (ProviderSpec("x", "anthropic", api_key="k"), "https://api.anthropic.com/models"),
        (ProviderSpec("x", "gemini", api_key="k"), "https://generativelanguage.googleapis.com/models"),
        (ProviderSpec("x", "azure_openai", base_url="https://a.example/", api_key="k"), "https://a.example/models"),
        (
            ProviderSpec("x", "openai_compatible", api_key="k", options={"vendor": "groq"}),
            "https://api.groq.com/openai/v1/models",
        ),
    ],
)
async def test_every_kind_can_be_probed_under_its_base_url(spec: ProviderSpec, url: str) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(200)

    provider = registry(answer).make(spec)
    assert isinstance(provider, Probed)
    await provider.probe("/models", context())
    assert asked == [url]
