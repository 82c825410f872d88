from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.support import NOW
from tornado_gateway.domain.call import ModelCall
from tornado_gateway.domain.chat import ChatRequest, Message, Text
from tornado_gateway.domain.embeddings import EmbeddingCall, EmbeddingRequest
from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.domain.forecast import Forecast, forecast
from tornado_gateway.domain.money import PriceCard
from tornado_gateway.domain.wire import OPENAI_CHAT, OPENAI_EMBEDDINGS, Wire

CARD = PriceCard("a/m", Decimal("0.01"), Decimal("0.03"), cache_write=Decimal("0.02"), batch=Decimal("0.5"))


def opened(_wire: Wire) -> ChatRequest:
    return ChatRequest(model="m", messages=(Message(role="user", parts=(Text("x" * 40),)),))


def refused(_wire: Wire) -> ChatRequest:
    raise InvalidRequest("messages: unheard of.")


def call(*, decode: Any = opened, max_tokens: int | None = None, **members: Any) -> ModelCall:
    fields = msgspec.json.decode(msgspec.json.encode({"model": "m", **members}), type=dict[str, msgspec.Raw])
    return ModelCall(model="m", wire=Wire(OPENAI_CHAT, fields), decode=decode, max_tokens=max_tokens)


@pytest.mark.parametrize(
    ("made", "most", "tokens"),
    [
        (call(), None, (14, 1000, None)),
        (call(), 500, (14, 500, 500)),
        (call(max_tokens=20), 500, (14, 20, 20)),
        (call(max_tokens=4000), None, (14, 1000, 4000)),
        (call(max_tokens=20, n=3), None, (14, 60, 60)),
        (call(max_tokens=20, n=2, best_of=5), None, (14, 100, 100)),
        (call(max_tokens=-5, n=-1), None, (14, 1000, None)),
        (call(decode=refused, max_tokens=1, messages="x" * 38), None, (10, 1, 1)),
    ],
)
def test_tokens(made: ModelCall, most: int | None, tokens: tuple[int, int, int | None]) -> None:
    found = forecast(made, most)
    assert (found.prompt, found.expected, found.most) == tokens


def test_vectors_have_no_answer_to_pay_for() -> None:
    def inputs(_wire: Wire) -> EmbeddingRequest:
        return EmbeddingRequest(inputs=("x" * 40, (1, 2, 3)))

    made = EmbeddingCall(model="m", wire=Wire(OPENAI_EMBEDDINGS, {}), decode=inputs)
    assert forecast(made) == Forecast(prompt=13, expected=0, most=0)


@pytest.mark.parametrize(("tier", "kept"), [("flex", "flex"), ("auto", None), (None, None), (5, None)])
def test_the_tier_that_is_asked_for(tier: Any, kept: str | None) -> None:
    assert forecast(call(service_tier=tier)).service_tier == kept


def test_costs() -> None:
    made = Forecast(prompt=1000, expected=500, most=2000)
    assert (made.cost(CARD, NOW), made.worst(CARD)) == (Decimal("0.025"), Decimal("0.08"))
    flexible = Forecast(prompt=1000, expected=500, most=None, service_tier="flex")
    assert (flexible.cost(CARD, NOW), flexible.worst(CARD)) == (Decimal("0.0125"), None)
    free = PriceCard("a/m", Decimal(0), Decimal(0), free=True)
    assert (flexible.cost(free, NOW), flexible.worst(free)) == (0, 0)
