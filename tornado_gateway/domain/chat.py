"""The chat a translated call means, in no provider's words: dialects decode to it, adapters encode from it.

Only the translate lane opens a document this far. JSON values that we carry and never look into (tool schemas, log
probabilities) are plain decoded Python values.
"""

from typing import Any, Literal

import msgspec

Role = Literal["system", "developer", "user", "assistant", "tool"]
FinishReason = Literal["stop", "stop_sequence", "length", "tool_calls", "content_filter", "refusal", "pause", "error"]
Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]


class CacheMarker(msgspec.Struct, frozen=True):
    """The caller's wish that the prompt up to here be cached (Anthropic's ``cache_control``)."""

    ttl: Literal["5m", "1h"] | None = None


class Text(msgspec.Struct, frozen=True, tag="text"):
    text: str
    cache: CacheMarker | None = None
    annotations: tuple[Any, ...] = ()
    """Citations as the provider gave them; carried only within one protocol."""
    signature: str | None = None
    """Gemini's ``thoughtSignature`` on a text part."""


class Image(msgspec.Struct, frozen=True, tag="image"):
    """Either ``url`` or ``data`` (base64, with ``media_type``) or ``file_id``."""

    url: str | None = None
    data: str | None = None
    media_type: str | None = None
    detail: str | None = None
    file_id: str | None = None
    cache: CacheMarker | None = None


class Audio(msgspec.Struct, frozen=True, tag="audio"):
    """``data`` is base64; ``format`` is a short name such as ``wav`` or ``mp3``."""

    data: str
    format: str
    id: str | None = None
    transcript: str | None = None


class Document(msgspec.Struct, frozen=True, tag="document"):
    """Either ``url`` or ``data`` (base64) or ``text`` or ``file_id``."""

    url: str | None = None
    data: str | None = None
    text: str | None = None
    media_type: str | None = None
    file_id: str | None = None
    name: str | None = None
    context: str | None = None
    citations: bool | None = None
    cache: CacheMarker | None = None

    @property
    def heading(self) -> str:
        """What it is called and is about, as text to stand before it where a protocol has no other place for that."""
        title = self.name if self.text is not None else None
        lines = (("Document", title), ("Context", self.context))
        return "".join(f"{label}: {said}\n" for label, said in lines if said)


class Reasoning(msgspec.Struct, frozen=True, tag="reasoning"):
    """A thought and what proves it: without its signature a follow-up turn is refused by some providers.

    ``redacted`` holds an encrypted thought that has no text. ``origin`` names the protocol whose signature it is:
    a signature means nothing to anybody else.
    """

    text: str = ""
    signature: str | None = None
    redacted: str | None = None
    id: str | None = None
    origin: str | None = None
    summary: bool = False


class Refusal(msgspec.Struct, frozen=True, tag="refusal"):
    text: str


class ToolCall(msgspec.Struct, frozen=True, tag="tool_call"):
    """``arguments`` is the JSON text as the model wrote it, valid or not."""

    id: str
    name: str
    arguments: str
    signature: str | None = None
    """Gemini's ``thoughtSignature``, to be sent back with the call."""
    cache: CacheMarker | None = None
    custom: bool = False
    """An OpenAI custom tool: ``arguments`` is free text, not JSON."""


class ToolResult(msgspec.Struct, frozen=True, tag="tool_result"):
    call_id: str
    content: "tuple[Text | Image | Document | Opaque, ...]" = ()
    is_error: bool = False
    name: str | None = None
    cache: CacheMarker | None = None


class Opaque(msgspec.Struct, frozen=True, tag="opaque"):
    """A part that only one family of protocols has (a server tool's use and its result, for one).

    ``document`` goes back unchanged to a provider of ``family``; in a request to any other it is refused by name.
    ``path`` is the caller's, None in an answer.
    """

    family: str
    document: dict[str, Any]
    path: str | None = None


Part = Text | Image | Audio | Document | Reasoning | Refusal | ToolCall | ToolResult | Opaque


class Message(msgspec.Struct, frozen=True):
    role: Role
    parts: tuple[Part, ...]
    name: str | None = None

    @property
    def text(self) -> str:
        """All text parts, joined."""
        return "".join(part.text for part in self.parts if isinstance(part, Text))

    @property
    def refused(self) -> bool:
        """The model says so in words of its own."""
        return any(isinstance(part, Refusal) for part in self.parts)

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        return tuple(part for part in self.parts if isinstance(part, ToolCall))


def filtered(reason: FinishReason, *, refused: bool) -> FinishReason:
    """``reason`` in a form whose refusals are words: where there are none (``refused``), something was held back."""
    return "content_filter" if reason == "refusal" and not refused else reason


class Tool(msgspec.Struct, frozen=True):
    """A function that the model may call; ``parameters`` is its JSON Schema, None where none was given.

    ``hosted`` is a tool that the provider itself runs, as only ``ChatRequest.family`` knows it; ``hints`` holds such
    members of a function as change only how it is offered.
    """

    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None
    cache: CacheMarker | None = None
    custom_format: dict[str, Any] | None = None
    custom: bool = False
    hosted: dict[str, Any] | None = None
    hints: dict[str, Any] = {}


class ToolChoice(msgspec.Struct, frozen=True):
    mode: Literal["auto", "none", "required", "named"]
    name: str | None = None


class ResponseFormat(msgspec.Struct, frozen=True):
    """``schema`` is set for ``json_schema``."""

    kind: Literal["text", "json_object", "json_schema"]
    schema: dict[str, Any] | None = None
    name: str | None = None
    description: str | None = None
    strict: bool | None = None


class Thinking(msgspec.Struct, frozen=True):
    """How much the model shall think: an effort by name, a budget in tokens, or both."""

    effort: Effort | None = None
    budget_tokens: int | None = None
    enabled: bool | None = None
    """False: switched off by name. None: not said."""
    include_thoughts: bool | None = None
    adaptive: bool = False
    summary: str | None = None


class ChatRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One chat request, whole.

    ``extra`` holds the members that the domain has no place for, by the caller's own names (``a.b`` for one inside
    another): an adapter of the same ``family`` passes them on, any other leaves out those in ``hints`` and refuses the
    rest by name (``foreign.leave_out``).
    """

    model: str
    messages: tuple[Message, ...]
    stream: bool = False
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()
    n: int | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    logit_bias: dict[str, float] | None = None
    response_format: ResponseFormat | None = None
    thinking: Thinking | None = None
    verbosity: str | None = None
    user: str | None = None
    metadata: dict[str, str] | None = None
    service_tier: str | None = None
    extra: dict[str, Any] = {}
    family: str = "openai"
    hints: frozenset[str] = frozenset()
    unread: tuple[str, ...] = ()
    """Members within the conversation that nobody here knows, by path: told as dropped wherever it is translated."""


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """One answer. ``message.role`` is ``assistant``. ``raw_finish`` is the provider's own word."""

    index: int
    message: Message
    finish_reason: FinishReason
    stop_sequence: str | None = None
    logprobs: Any = None
    raw_finish: str | None = None


class ChatResponse(msgspec.Struct, frozen=True, kw_only=True):
    """``created`` is in Unix seconds, None where the provider does not say."""

    id: str
    model: str
    choices: tuple[Choice, ...]
    created: int | None = None
    service_tier: str | None = None
