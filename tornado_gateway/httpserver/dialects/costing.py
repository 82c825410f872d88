"""Puts ``usage.cost`` into a provider's own document, and changes nothing else in it."""

import msgspec

from tornado_gateway.domain.money import Cost
from tornado_gateway.domain.usage import TokenUsage

_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_COST_UNKNOWN = msgspec.Raw(b"null")


def cost_number(cost: Cost | None) -> msgspec.Raw:
    """The cost as a JSON number with exactly the decimal's digits; null for an unpriced model."""
    return _COST_UNKNOWN if cost is None else msgspec.Raw(cost.digits.encode())


def document_with_cost(fields: dict[str, msgspec.Raw], cost: Cost | None) -> bytes:
    """The document with ``usage.cost`` put in, every other member byte for byte."""
    return msgspec.json.encode({**fields, "usage": _usage_with_cost(fields.get("usage"), cost)})


def frame_with_cost(frame: bytes, cost: Cost | None, within: str | None = None) -> bytes:
    """An event whose ``data`` is such a document, or holds it as its member ``within``: the cost put in, the event's
    other lines kept."""
    lines = frame.splitlines(keepends=True)
    data = [number for number, line in enumerate(lines) if line.startswith(b"data:")]
    document = b"\n".join(lines[number][5:].strip() for number in data)
    line = lines[data[0]]
    start = line[: len(line) - len(line[5:].lstrip())]
    end = line[len(line.rstrip()) :]
    fields = _fields.decode(document)
    if within is None:
        told = document_with_cost(fields, cost)
    else:
        inner = document_with_cost(_fields.decode(fields[within]), cost)
        told = msgspec.json.encode({**fields, within: msgspec.Raw(inner)})
    lines[data[0]] = start + told + end
    for number in reversed(data[1:]):
        del lines[number]  # a document over several lines goes on in one
    return b"".join(lines)


def _usage_with_cost(usage: msgspec.Raw | None, cost: Cost | None) -> dict[str, object]:
    members: dict[str, object] = {}
    if usage is not None and bytes(usage) != b"null":
        members.update(_fields.decode(usage))
    # Last, and over a vendor's own figure of that name: what the gateway's card says is what counts here.
    members.pop("cost", None)
    members["cost"] = cost_number(cost)
    return members


def chat_usage(usage: TokenUsage, cost: Cost | None) -> dict[str, object]:
    """OpenAI's ``usage`` object for buckets of any provider, the cost in it."""
    document: dict[str, object] = native_usage(usage, cost)
    prompt = {
        "cached_tokens": usage.cached_input,
        "cache_write_tokens": usage.cache_written,
        "audio_tokens": usage.audio_input,
    }
    completion = {"reasoning_tokens": usage.reasoning, "audio_tokens": usage.audio_output}
    for name, details in (("prompt_tokens_details", prompt), ("completion_tokens_details", completion)):
        known = {key: value for key, value in details.items() if value is not None}
        if known:
            document[name] = known
    return document


def native_usage(usage: TokenUsage, cost: Cost | None) -> dict[str, object]:
    """The native form's ``usage`` object."""
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.total_tokens,
        "cost": cost_number(cost),
    }
