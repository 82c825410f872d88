import pytest

from tests.serving import serving
from tests.support import NOW, ScriptedProvider
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
