"""A gate of a test's own, between the others: what every gate may rely on."""

import json

import pytest
from tornado.httputil import HTTPServerRequest

from tests.serving import chat, serving
from tests.support import ScriptedProvider
from tornado_gateway.domain.context import RequestContext
from tornado_gateway.domain.errors import RateLimitExceeded
from tornado_gateway.httpserver import application
from tornado_gateway.httpserver.gates.base import Gate, Headers


class Closed:
    """Turns every call away, and says so on every answer."""

    def headers(self, request: HTTPServerRequest, context: RequestContext) -> Headers:
        return (("X-Closed", context.request_id),)

    def admit(self, request: HTTPServerRequest, context: RequestContext) -> RequestContext:
        raise RateLimitExceeded("Not today.", retry_after=1.2)


async def test_a_gate_turns_calls_away_in_the_callers_form_and_its_headers_stay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gate: Gate = Closed()
    usual = application.make_gates
    monkeypatch.setattr("tests.serving.make_gates", lambda *given: (*usual(*given), gate))
    provider = ScriptedProvider()
    async with serving(provider) as served:
        answer = await served.client.post("/v1/chat/completions", json=chat(), headers={"X-Request-ID": "mine"})
        assert answer.status_code == 429
        assert answer.json()["error"]["code"] == "rate_limit_exceeded"
        assert (answer.headers["x-closed"], answer.headers["retry-after"]) == ("mine", "2")
        anthropic = await served.client.post("/v1/messages", json=chat(max_tokens=1))
        assert json.loads(anthropic.content)["type"] == "error"
        # What calls no model passes no gate, and has their headers all the same.
        assert (await served.client.get("/health")).headers["x-closed"].startswith("req_")
        assert provider.asked == []
