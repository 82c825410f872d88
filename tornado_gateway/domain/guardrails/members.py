"""Which values of a document are texts, and of what kind; told by where they stand.

Wire: OpenAI API reference, "Create chat completion", "Create a model response", "Create completion", "Create
embeddings"; Anthropic API reference, "Create a Message". What is not known to be anything else is a text: a vendor's
own members are looked at as well.
"""

from collections.abc import Iterator
from enum import Enum
from typing import Any, Final, NamedTuple

from tornado_gateway.domain.guardrails.documents import Path, Value, text_of, values


class Kind(Enum):
    TEXT = "said or shown to somebody"
    SEALED = "a thought that a signature proves: changed, it would be refused"
    ARGUMENTS = "JSON in a text: what a tool is called with"
    FREE = "a value within a tool's input"
    TOOL = "the name of a tool that is called"
    LIKELIHOODS = "the tokens of a text once more"


class Text(NamedTuple):
    """``said`` is the value's text, of a number its digits."""

    value: Value
    kind: Kind
    said: str

    @property
    def path(self) -> Path:
        return self.value.path


REQUEST: Final = ("system", "instructions", "messages", "prompt", "suffix", "input", "prediction")
"""Members of a request that hold texts."""

PARAMETERS: Final = frozenset(
    {
        *("model", "models", "stream", "stream_options", "store", "background", "metadata", "user"),
        "safety_identifier",
        *("prompt_cache_key", "prompt_cache_retention", "prompt_cache_options", "cache_control", "service_tier"),
        *("temperature", "top_p", "top_k", "min_p", "seed", "n", "best_of", "echo", "logprobs", "top_logprobs"),
        *("logit_bias", "frequency_penalty", "presence_penalty", "repetition_penalty", "max_tokens", "stop"),
        *("max_completion_tokens", "max_output_tokens", "max_tool_calls", "stop_sequences", "modalities", "audio"),
        *("tool_choice", "parallel_tool_calls", "function_call", "reasoning", "reasoning_effort", "thinking"),
        *("verbosity", "include", "truncation", "previous_response_id", "conversation", "container", "betas"),
        *("encoding_format", "dimensions", "provider", "route", "transforms", "context_management", "moderation"),
    }
)
"""Members of a request that say how it is answered, and nothing to the model. Whatever is known to be neither is a
vendor's own, and looked at like a text."""

DESCRIBING: Final = ("tools", "functions", "response_format", "text", "output_config")
"""Members that hold some among much else: descriptions."""

ANSWER: Final = ("choices", "content", "output", "search_results")

LIKELIHOODS = frozenset({"logprobs"})
_CALLING = frozenset({"function", "custom", "function_call", "content_block", "item"})
_NEVER = frozenset(
    {
        *("type", "role", "object", "status", "format", "detail", "phase", "model", "name", "namespace"),
        *("id", "call_id", "tool_call_id", "tool_use_id", "item_id", "message_id", "container_id", "response_id"),
        *("file_id", "vector_store_id", "previous_response_id", "approval_request_id", "server_label", "event_id"),
        *("signature", "encrypted_content", "encrypted_index", "encrypted_stdout", "thought_signature", "obfuscation"),
        *("data", "file_data", "result", "partial_image_b64", "media_type", "mime_type"),
        *("url", "image_url", "file_url", "server_url"),
        *("finish_reason", "stop_reason", "stop_sequence", "service_tier", "ttl", "system_fingerprint"),
    }
)
"""Identities, kinds, addresses, seals, and what is encoded."""

_NAMED_BY_CALLERS = frozenset({"variables", "attributes", "env"})
"""Mappings whose members have names of somebody's own."""

_SILENT = frozenset({"object", "finish_reason", "system_fingerprint", "service_tier", "obfuscation"})
"""Those that no tool's input has a member of."""


def texts(document: bytes, path: Path) -> Iterator[Text]:
    """The texts of a part of a document that stands at ``path``."""
    plain = _plain_sources(document, path) if _may_name(document, b"source") else frozenset()
    for value in values(document, path, whole=LIKELIHOODS):
        kind = Kind.TEXT if value.path[:-1] in plain and value.path[-1] == "data" else kind_of(value.path)
        if kind is None:
            continue
        if value.whole:
            yield Text(value, Kind.LIKELIHOODS, "")
        elif document[value.start] == _QUOTE:
            yield Text(value, kind, text_of(document[value.start : value.end]))
        elif kind is Kind.FREE and document[value.start] in _NUMBER:
            yield Text(value, kind, document[value.start : value.end].decode())


def read_texts(value: Any, path: Path) -> list[Text]:
    """``texts`` of a document that is open already, without their places in its bytes."""
    found: list[Text] = []
    _collect(value, path, found)
    return found


def _collect(value: Any, path: Path, found: list[Text]) -> None:
    kind_of_value = type(value)
    if kind_of_value is dict:
        plain = bool(path) and path[-1] == "source" and value.get("type") == "text"
        for name, each in value.items():
            if each is None or name in _SILENT:
                continue
            if plain and name == "data" and type(each) is str:  # no encoding, but the text itself
                found.append(Text(Value((*path, name), 0, 0), Kind.TEXT, each))
                continue
            if name in LIKELIHOODS:
                found.append(Text(Value((*path, name), 0, 0, whole=True), Kind.LIKELIHOODS, ""))
            else:
                _collect(each, (*path, name), found)
    elif kind_of_value is list:
        for place, each in enumerate(value):
            _collect(each, (*path, place), found)
    elif kind_of_value is str:
        kind = kind_of(path)
        if kind is not None:
            found.append(Text(Value(path, 0, 0), kind, value))
    elif kind_of_value is not bool and "input" in path[1:]:
        found.append(Text(Value(path, 0, 0), Kind.FREE, str(value)))


def descriptions(document: bytes, path: Path) -> Iterator[Text]:
    """The texts among definitions of tools and of forms."""
    if _may_name(document, b"description"):
        for value in values(document, path):
            if value.path[-1] == "description" and document[value.start] == _QUOTE:
                yield Text(value, Kind.TEXT, text_of(document[value.start : value.end]))


def kind_of(path: Path) -> Kind | None:
    """None for what is no text."""
    name = path[-1]
    if isinstance(name, int):
        name = next((part for part in reversed(path) if isinstance(part, str)), "")
    if name in LIKELIHOODS:
        return Kind.LIKELIHOODS
    if "input" in path[1:]:
        return Kind.FREE
    if not _NAMED_BY_CALLERS.isdisjoint(path[:-1]):
        return Kind.TEXT
    if name in _NEVER:
        return Kind.TOOL if name == "name" and _calls(path) else None
    if name in ("arguments", "partial_json"):
        return Kind.ARGUMENTS
    if name == "thinking" or ("summary" in path and path[0] not in ("choices", "messages")):
        return Kind.SEALED
    return Kind.TEXT


def _calls(path: Path) -> bool:
    """Whether the object that has this name is a call of a tool: a message's own member, not the writer's name."""
    if len(path) > 1 and path[-2] in _CALLING:
        return True
    return path[0] in ("content", "output", "response") and len(path) > 2


def _plain_sources(document: bytes, path: Path) -> frozenset[Path]:
    """Where the ``data`` of a source is no encoding, but the text itself."""
    return frozenset(
        value.path[:-1]
        for value in values(document, path)
        if value.path[-2:] == ("source", "type") and text_of(document[value.start : value.end]) == "text"
    )


def _may_name(document: bytes, member: bytes) -> bool:
    """Whether an object may have such a member: its name may be written with escapes, too."""
    return b'"%s"' % member in document or b"\\u" in document


_QUOTE = ord('"')
_NUMBER = frozenset(b"-0123456789")
