"""What one vendor of OpenAI's protocol does its own way, and a request made fit for it. Pure.

An unknown field is never touched: only what the vendor is known to refuse, to ignore or to call something else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from tornado_gateway.domain.chat import Effort
from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.domain.wire import OPENAI_CHAT, OPENAI_COMPLETIONS, OPENAI_EMBEDDINGS, OPENAI_RESPONSES

Limit = Literal["max_tokens", "max_completion_tokens"]
ThoughtsField = Literal["reasoning_content", "reasoning", "content"]

_LESS_WORDS: Mapping[Effort, str] = {"minimal": "low", "xhigh": "high", "max": "high"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Vendor:
    """``name`` is the one gateway.yaml uses; ``title`` is for people.

    ``key_variable`` is the environment variable that the vendor's own clients read, ``needs_key`` says whether a call
    without a key can succeed at all. ``base_url`` is what the vendor tells users of OpenAI's SDK to set.
    """

    name: str
    title: str
    base_url: str | None = None
    key_variable: str | None = None
    needs_key: bool = True
    protocols: frozenset[str] = frozenset({OPENAI_CHAT})
    """What is relayed to it; everything else is translated to chat completions."""
    limit: Limit | None = "max_tokens"
    """Its name for the most tokens of an answer; None: the model's name tells which."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """OpenAI's parameters that it knows by another name."""
    refused: frozenset[str] = frozenset()
    """Parameters that it answers with an error or leaves without effect although they change the answer."""
    hints: frozenset[str] = frozenset()
    """Parameters that it does not take and that change nothing of what is said."""
    schemas: bool = True
    """Takes ``response_format`` of type ``json_schema``."""
    efforts: Mapping[Effort, str] = field(default_factory=lambda: _LESS_WORDS)
    """Where it has another word for an effort."""
    switch: bool = False
    """Thinking is turned on and off by ``thinking: {"type": ...}``."""
    thoughts: ThoughtsField | None = None
    """Where an assistant's message hands a thought back; None: nowhere."""
    details: bool = False
    """Hands out and takes back ``reasoning_details``, which hold other providers' signatures."""
    top_k: bool = False
    """Has the parameter ``top_k``, which is not OpenAI's."""
    cache_markers: bool = False
    """Takes Anthropic's ``cache_control`` on parts of a message."""
    developer: bool = False
    """Knows the role ``developer``."""
    names: bool = True
    """Takes ``messages[].name``."""
    usage_option: bool = True
    """Takes ``stream_options``; one that does not reports usage without being asked."""

    @property
    def takes_all(self) -> bool:
        """True where no member of a request has to be looked at."""
        return not (self.renamed or self.refused or self.hints) and self.schemas and self.limit != "max_tokens"


OPENAI = Vendor(
    name="openai",
    title="OpenAI",
    base_url="https://api.openai.com/v1",
    key_variable="OPENAI_API_KEY",
    protocols=frozenset({OPENAI_CHAT, OPENAI_COMPLETIONS, OPENAI_RESPONSES, OPENAI_EMBEDDINGS}),
    limit=None,
    efforts={"max": "xhigh"},
    developer=True,
)

_NEUTRAL: Mapping[str, tuple[object, ...]] = {
    "n": (1,),
    "logprobs": (False, 0),
    "top_logprobs": (0,),
    "logit_bias": ({},),
    "frequency_penalty": (0,),
    "presence_penalty": (0,),
    "parallel_tool_calls": (True,),
    "tools": ([],),
    "tool_choice": ("auto", "none"),
    "store": (False,),
}
"""Values that say what is so anyway: left out without a word."""


def adapted(document: Mapping[str, Any], vendor: Vendor, dropped: list[str]) -> dict[str, Any]:
    """A chat request as ``vendor`` takes it; its members may be unopened (``msgspec.Raw``).

    Names of hints left out are appended to ``dropped``. Raises ``InvalidRequest`` naming a parameter that would have
    no effect or be refused.
    """
    out: dict[str, Any] = {}
    for name, value in document.items():
        if name in vendor.hints:
            if _says_something(name, value):
                dropped.append(name)
        elif name in vendor.refused:
            if _says_something(name, value):
                raise InvalidRequest(f"{name}: {vendor.title} has no such parameter.", param=name)
            if name == "n":
                out[name] = value  # who gives one answer alone takes a request for one
        else:
            out[vendor.renamed.get(name, name)] = value
    if vendor.limit == "max_tokens" and "max_completion_tokens" in out:
        # The newer name counts where both are given, as it does at OpenAI.
        out["max_tokens"] = out.pop("max_completion_tokens")
    if not vendor.schemas and _kind(out.get("response_format")) == "json_schema":
        raise InvalidRequest(
            f"response_format.type: {vendor.title} has no 'json_schema', only 'json_object'.",
            param="response_format.type",
        )
    return out


def _says_something(name: str, value: Any) -> bool:
    plain = _plain(value)
    return plain is not None and plain not in _NEUTRAL.get(name, ())


def _kind(value: Any) -> object:
    plain = _plain(value)
    return plain.get("type") if isinstance(plain, dict) else None


def _plain(value: Any) -> Any:
    return msgspec.json.decode(value) if isinstance(value, msgspec.Raw) else value
