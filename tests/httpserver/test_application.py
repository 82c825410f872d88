"""The tree and the order of the gates."""

import pytest

from tests.serving import chat, serving
from tests.support import ScriptedProvider, authenticator_over, text_answer, world
from tornado_gateway.httpserver.application import make_gates
from tornado_gateway.httpserver.gates.address import AddressGate
from tornado_gateway.httpserver.gates.auth import AuthGate
from tornado_gateway.httpserver.gates.cors import CorsGate
from tornado_gateway.httpserver.gates.deadline import DeadlineGate
from tornado_gateway.httpserver.gates.drain import DrainGate
from tornado_gateway.httpserver.gates.freshness import FreshnessGate
from tornado_gateway.httpserver.gates.trace import TraceGate
from tornado_gateway.httpserver.lifecycle import Lifecycle


def test_the_order_of_the_gates() -> None:
    made = world()
    gates = make_gates(made.snapshots, Lifecycle(), AuthGate(authenticator_over(made)))
    assert [type(gate) for gate in gates] == [
        TraceGate,
        CorsGate,
        DrainGate,
        AuthGate,
        DeadlineGate,
        FreshnessGate,
        AddressGate,
    ]


@pytest.mark.parametrize(
    "path", ["/v1/models", "/v1/models/gpt-4", "/health", "/health/live", "/health/ready", "/metrics"]
)
async def test_what_may_be_read(path: str) -> None:
    async with serving(ScriptedProvider()) as served:
        whole = await served.client.get(path)
        assert whole.status_code == 200
        head = await served.client.head(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == str(len(whole.content))


@pytest.mark.parametrize(
    ("path", "document"),
    [
        ("/v1/completions", chat()),
        ("/v1/completions", {"model": "gpt-4", "prompt": "Hello"}),
        ("/v1/chat/completions", chat()),
        ("/v1/messages", chat(max_tokens=10)),
    ],
)
async def test_where_models_are_called(path: str, document: object) -> None:
    async with serving(ScriptedProvider(script=[text_answer()])) as served:
        answer = await served.client.post(path, json=document)
        assert answer.status_code == 200, answer.text
        assert served.finished().status == 200
