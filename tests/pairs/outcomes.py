"""What becomes of a feature on its way from a dialect to a provider: found out by asking both."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml

from tornado_gateway.domain.call import ModelCall
from tornado_gateway.domain.chat import ChatRequest
from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.httpserver.dialects.anthropic_messages import AnthropicMessages
from tornado_gateway.httpserver.dialects.base import Dialect
from tornado_gateway.httpserver.dialects.openai_chat import OpenAIChat
from tornado_gateway.httpserver.dialects.openai_legacy import OpenAILegacy
from tornado_gateway.httpserver.dialects.openai_responses import OpenAIResponses
from tornado_gateway.providers.anthropic.request import chat_document as to_anthropic
from tornado_gateway.providers.compatible import UNKNOWN
from tornado_gateway.providers.gemini.request import chat_document as to_gemini
from tornado_gateway.providers.openai.request import chat_document as to_openai
from tornado_gateway.providers.openai.vendor import OPENAI, Vendor

HERE = Path(__file__).parent

Outcome = Literal["carried", "dropped", "refused", "relayed"]
Encode = Callable[[ChatRequest, list[str]], dict[str, Any]]


@dataclass(frozen=True)
class Feature:
    """``body`` has the members that differ from the dialect's plain request, ``before`` those to compare it with.

    ``prints`` is what the provider's request must hold at least where the feature is carried.
    """

    name: str
    body: Mapping[str, Any]
    prints: str | None = None
    before: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Pairs:
    """A dialect, its plain request, and the kinds of provider that it is relayed to."""

    title: str
    dialect: Dialect
    plain: Mapping[str, Any]
    file: str
    relayed: frozenset[str]

    def features(self) -> list[Feature]:
        return [Feature(**entry) for entry in yaml.safe_load((HERE / self.file).read_text())]


def _to_vendor(vendor: Vendor) -> Encode:
    return lambda chat, dropped: to_openai(chat, "gpt-5", dropped, vendor)


PROVIDERS: Mapping[str, Encode] = {
    "openai": _to_vendor(OPENAI),
    "openai_compatible": _to_vendor(UNKNOWN),
    "gemini": lambda chat, dropped: to_gemini(chat, "gemini-2.5-flash", dropped),
    "anthropic": lambda chat, dropped: to_anthropic(chat, "claude-sonnet-4-5", dropped),
}

_OPENAIS = frozenset({"openai", "openai_compatible"})

PAIRS = (
    Pairs(
        "Chat completions (and the native form)",
        OpenAIChat(),
        {"model": "m", "messages": [{"role": "user", "content": "hi"}]},
        "chat.yaml",
        _OPENAIS,
    ),
    Pairs("Legacy completions", OpenAILegacy(), {"model": "m", "prompt": "hi"}, "legacy.yaml", _OPENAIS),
    Pairs("Responses", OpenAIResponses(), {"model": "m", "input": "hi"}, "responses.yaml", frozenset({"openai"})),
    Pairs(
        "Anthropic Messages",
        AnthropicMessages(),
        {"model": "m", "max_tokens": 10, "messages": [{"role": "user", "content": "hi"}]},
        "messages.yaml",
        frozenset({"anthropic"}),
    ),
)


class SilentlyLost(AssertionError):
    pass


def outcome(pairs: Pairs, feature: Feature, provider: str) -> Outcome:
    """Raises ``SilentlyLost`` where the provider's request is the same as without the feature and nobody says so."""
    if provider in pairs.relayed:
        return "relayed"
    encode = PROVIDERS[provider]
    known: list[str] = []
    dropped: list[str] = []
    before = encode(_opened(pairs, feature.before), known)
    try:
        after = encode(_opened(pairs, feature.body), dropped)
    except InvalidRequest as refused:
        if not refused.param:
            raise SilentlyLost(f"{feature.name}: {provider} refuses it without a name") from refused
        return "refused"
    if set(dropped) - set(known):
        return "dropped"
    text = json.dumps(after, ensure_ascii=False)
    if after == before or (feature.prints is not None and feature.prints not in text):
        raise SilentlyLost(f"{feature.name}: does not reach {provider}: {text}")
    return "carried"


def _opened(pairs: Pairs, members: Mapping[str, Any]) -> ChatRequest:
    call: ModelCall = pairs.dialect.decode_request(json.dumps({**pairs.plain, **members}).encode())
    return call.chat
