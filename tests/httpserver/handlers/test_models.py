import pytest

from tests.serving import serving
from tests.support import NOW, ScriptedProvider
from tornado_gateway.domain.access import Access
from tornado_gateway.domain.keys import GatewayKey, KeyRing, hash_of
from tornado_gateway.domain.principal import Principal
from tornado_gateway.domain.routes import Route, RouteTarget

ROUTES = [
    Route("gpt-4", (RouteTarget("openai"),)),
    Route("gpt-*", (RouteTarget("openai"),)),
    Route("meta/llama 3", (RouteTarget("other", "llama"),)),
]
PROVIDERS = (ScriptedProvider("openai"), ScriptedProvider("other"))


async def test_every_route_is_a_model() -> None:
    async with serving(*PROVIDERS, routes=ROUTES) as served:
        document = (await served.client.get("/v1/models")).json()
        assert document["object"] == "list"
        assert [(model["id"], model["owned_by"]) for model in document["data"]] == [
            ("gpt-4", "openai"),
            ("gpt-*", "openai"),
            ("meta/llama 3", "other"),
        ]
        assert {model["object"] for model in document["data"]} == {"model"}
        assert {model["created"] for model in document["data"]} == {int(NOW.timestamp())}


@pytest.mark.parametrize(
    ("path", "name", "owner"),
    [
        ("gpt-4", "gpt-4", "openai"),
        ("gpt-5-of-tomorrow", "gpt-5-of-tomorrow", "openai"),
        ("gpt-*", "gpt-*", "openai"),
        ("meta/llama%203", "meta/llama 3", "other"),
        ("meta%2Fllama%203", "meta/llama 3", "other"),
    ],
)
async def test_one_by_its_name(path: str, name: str, owner: str) -> None:
    async with serving(*PROVIDERS, routes=ROUTES) as served:
        document = (await served.client.get(f"/v1/models/{path}")).json()
        assert (document["id"], document["owned_by"]) == (name, owner)


async def test_a_name_that_nothing_serves() -> None:
    async with serving(*PROVIDERS, routes=ROUTES) as served:
        answer = await served.client.get("/v1/models/claude")
        error = answer.json()["error"]
        assert (answer.status_code, error["code"], error["param"]) == (404, "model_not_found", "model")
        answer = await served.client.get("/v1/models/meta/llama")
        assert answer.json()["error"]["message"] == "There is no model 'meta/llama'. Did you mean 'meta/llama 3'?"


SOME = KeyRing(
    [
        GatewayKey(Principal("some", models=("gpt-4", "gpt-4o-mini")), hash_of("sk-some")),
        GatewayKey(Principal("all"), hash_of("sk-all")),
    ]
)


async def test_a_key_sees_what_it_may_use() -> None:
    async with serving(*PROVIDERS, routes=ROUTES, access=Access(True, SOME)) as served:
        some, everything = ({"Authorization": f"Bearer {secret}"} for secret in ("sk-some", "sk-all"))
        listed = (await served.client.get("/v1/models", headers=some)).json()["data"]
        assert [model["id"] for model in listed] == ["gpt-4", "gpt-4o-mini"]
        listed = (await served.client.get("/v1/models", headers=everything)).json()["data"]
        assert [model["id"] for model in listed] == ["gpt-4", "gpt-*", "meta/llama 3"]
        assert (await served.client.get("/v1/models/gpt-4o-mini", headers=some)).json()["id"] == "gpt-4o-mini"
        for name in ("gpt-4o", "claude"):
            refused = await served.client.get(f"/v1/models/{name}", headers=some)
            assert (refused.status_code, refused.json()["error"]["code"]) == (403, "model_not_allowed")


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/gpt-4", "/v1/models/claude"])
async def test_nobody_sees_anything_without_a_key_where_one_is_required(path: str) -> None:
    async with serving(*PROVIDERS, routes=ROUTES, access=Access(True, SOME)) as served:
        for headers in ({}, {"x-api-key": "sk-bad"}):
            answer = await served.client.get(path, headers=headers)
            assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key")
            assert answer.headers["www-authenticate"] == "Bearer"
            assert (await served.client.head(path, headers=headers)).status_code == 401
    async with serving(*PROVIDERS, routes=ROUTES, access=Access(False, SOME)) as served:
        assert (await served.client.get("/v1/models/gpt-4", headers={"x-api-key": "sk-bad"})).status_code == 200
