"""Every recorded answer is priced to the digit by its provider's own words: relayed, translated, in each form."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tests.support import NOW, ScriptedProvider, context, world
from tornado_gateway.domain.call import Answer
from tornado_gateway.domain.context import RequestContext
from tornado_gateway.domain.embeddings import EmbeddingCall
from tornado_gateway.domain.errors import GatewayError
from tornado_gateway.domain.events import RequestFinished
from tornado_gateway.domain.money import PriceCard, Tier
from tornado_gateway.domain.receipt import mistakes, receipt_of
from tornado_gateway.domain.wire import OPENAI_CHAT, OPENAI_EMBEDDINGS
from tornado_gateway.httpserver.dialects.anthropic_messages import AnthropicMessages
from tornado_gateway.httpserver.dialects.base import Dialect
from tornado_gateway.httpserver.dialects.native import Native
from tornado_gateway.httpserver.dialects.openai_chat import OpenAIChat
from tornado_gateway.httpserver.dialects.openai_embeddings import OpenAIEmbeddings
from tornado_gateway.httpserver.dialects.openai_legacy import OpenAILegacy
from tornado_gateway.httpserver.dialects.openai_responses import OpenAIResponses
from tornado_gateway.providers.anthropic import response as claude
from tornado_gateway.providers.anthropic import stream as claude_stream
from tornado_gateway.providers.gemini import response as gemini
from tornado_gateway.providers.gemini.stream import GenerateStreamReader
from tornado_gateway.providers.openai import response as openai
from tornado_gateway.providers.openai import responses_relay
from tornado_gateway.providers.openai import stream as openai_stream
from tornado_gateway.providers.openai.responses_stream import ResponsesRelayReader
from tornado_gateway.providers.reading import Reader

from . import bills
from .anthropic_shapes import is_message
from .exchanges import cases, is_error
from .gemini_shapes import is_gemini
from .openai_shapes import is_answer, is_stream
from .responses_shapes import is_response, read_all

RATES: dict[str, Any] = {name: Decimal(rate) for name, rate in bills.RATES.items()}
LONG = Tier(bills.ABOVE, {name: Decimal(rate) for name, rate in bills.LONG.items()})
CARD = PriceCard("openai/gpt-4", **RATES, tiers=(LONG,), request=Decimal(bills.REQUEST), batch=Decimal(bills.BATCH))

HELLO: Any = [{"role": "user", "content": "hi"}]
OPTIONS = {"stream_options": {"include_usage": True}}
CHAT, LEGACY, NATIVE = OpenAIChat(), OpenAILegacy(), Native(lambda: NOW)
MESSAGES, RESPONSES = AnthropicMessages(), OpenAIResponses()
ASKED: dict[str, dict[str, Any]] = {
    CHAT.name: {"messages": HELLO, **OPTIONS},
    LEGACY.name: {"prompt": "hi", **OPTIONS},
    NATIVE.name: {"messages": HELLO},
    MESSAGES.name: {"messages": HELLO, "max_tokens": 1},
    RESPONSES.name: {"input": "hi"},
    OpenAIEmbeddings.name: {"input": "hi"},
}


@dataclass(frozen=True)
class Lane:
    """How an answer is read, and the forms in which it is told then."""

    whole: Callable[[bytes], Answer]
    reader: Callable[[str], Reader]
    forms: tuple[Dialect, ...]


LANES = {
    "chat": (
        Lane(lambda body: openai.relayed_answer(body, OPENAI_CHAT, "p"), openai_stream.RelayReader, (CHAT,)),
        Lane(lambda body: openai.chat_answer(body, "p"), openai_stream.ChatStreamReader,
             (NATIVE, LEGACY, MESSAGES, RESPONSES)),
    ),
    "messages": (
        Lane(lambda body: claude.relayed_answer(body, "p"), claude_stream.RelayReader, (MESSAGES,)),
        Lane(lambda body: claude.chat_answer(body, "p"), claude_stream.MessagesStreamReader,
             (NATIVE, CHAT, LEGACY, RESPONSES)),
    ),
    "gemini": (
        Lane(lambda body: gemini.chat_answer(body, "p"), GenerateStreamReader,
             (NATIVE, CHAT, LEGACY, MESSAGES, RESPONSES)),
    ),
    "responses": (
        Lane(lambda body: responses_relay.relayed_answer(body, "p"), ResponsesRelayReader, (RESPONSES,)),
    ),
    "embeddings": (
        Lane(lambda body: openai.relayed_answer(body, OPENAI_EMBEDDINGS, "p"), openai_stream.RelayReader,
             (OpenAIEmbeddings(),)),
    ),
}  # fmt: skip


class Provider(ScriptedProvider):
    """One that makes vectors too."""

    async def embed(self, call: EmbeddingCall, model: str, context: RequestContext) -> Answer:
        return await self.complete(call, model, context)


def found(kind: str, pattern: str, wanted: Callable[[Path], bool]) -> list[Any]:
    return [pytest.param(kind, *case.values, id=case.id, marks=case.marks) for case in cases(pattern, wanted)]


WHOLE = [
    *found("chat", "*/*/response.json", is_answer),
    *found("messages", "*/*/response.json", is_message),
    *found("gemini", "*/*/response.json", is_gemini),
    *found("responses", "*/*/response.json", is_response),
    *found("embeddings", "openai-embeddings/*/response.json", lambda case: not is_error(case)),
]
STREAMS = [
    *found("chat", "*/*/response.sse", is_stream),
    *found("messages", "*/*/response.sse", is_message),
    *found("gemini", "*/*/response.sse", is_gemini),
    *found("responses", "*/*/response.sse", is_response),
]


def owed(kind: str, body: bytes) -> Fraction | None:
    """None where the provider tells of no usage."""
    usage, tier = bills.usage_of(body, updates=kind == "messages")
    if not usage or (kind == "gemini" and "promptTokenCount" not in usage):
        return Fraction(0) if b'"status": "queued"' in body else None
    bill: Callable[[dict[str, Any], Any], Fraction] = getattr(bills, kind)
    return bill(usage, tier)


def asking(form: Dialect, *, stream: bool) -> bytes:
    members = {name: value for name, value in ASKED[form.name].items() if stream or name != "stream_options"}
    return json.dumps({"model": "gpt-4", "stream": stream, **members}).encode()


def told_in(body: bytes) -> set[Fraction]:
    """The costs that an answer's body tells, from their digits."""
    costs = set()
    for document in bills.documents(body):
        usage = (document.get("response") or document).get("usage") or {}
        if "cost" in usage and usage["cost"] is not None:
            costs.add(Fraction(usage["cost"]))
    return costs


def check(event: RequestFinished, cost: Fraction | None, told: set[Fraction]) -> None:
    if cost is None:
        assert event.cost is None or event.cost.estimated
        return
    assert event.cost is not None
    assert Fraction(event.cost.amount) == Fraction(event.cost.digits) == cost
    assert not event.cost.estimated
    assert told <= {cost}
    assert list(mistakes(receipt_of(event.cost, event.revision))) == []


@pytest.mark.parametrize(("kind", "case"), WHOLE)
async def test_a_whole_answer(kind: str, case: Path) -> None:
    body = (case / "response.json").read_bytes()
    cost = owed(kind, body)
    for lane in LANES[kind]:
        for form in lane.forms:
            house = world(Provider(script=[lane.whole(body)]), cards=[CARD])
            completed = await house.service.complete(form.decode_request(asking(form, stream=False)), context())
            told = told_in(form.encode_response(completed))
            assert told or form is MESSAGES or not cost
            (event,) = house.recorder.of(RequestFinished)
            check(event, cost, told)


@pytest.mark.parametrize(("kind", "case"), STREAMS)
async def test_a_stream(kind: str, case: Path) -> None:
    body = (case / "response.sse").read_bytes()
    cost = owed(kind, body)
    for lane in LANES[kind]:
        for form in lane.forms:
            batches = read_all(lane.reader("p"), body, 2000)
            house = world(Provider(script=[batches]), cards=[CARD])
            call = form.decode_request(asking(form, stream=True))
            encoder = form.stream_encoder(call)
            told = b""
            stream = house.service.stream(call, context())
            try:
                await stream.open()
                async for batch in stream.batches():
                    told += encoder.encode(batch.events)
                told += encoder.close()
            except GatewayError:
                assert b"error" in body
            finally:
                await stream.close()
            (event,) = house.recorder.of(RequestFinished)
            if event.status != 200 and event.usage is None:
                continue
            check(event, cost, told_in(told))
            assert told_in(told) or form is MESSAGES or not cost or event.status != 200
