"""The calls that the load makes: what is sent, and how a good answer is told. Pure."""

import json
from dataclasses import dataclass

MODEL = "gpt-4"
MESSAGES = [
    {"role": "system", "content": "You are a helpful assistant who answers in one or two short sentences."},
    {"role": "user", "content": "Hello! What can you do for me today?"},
]


@dataclass(frozen=True, slots=True)
class Form:
    """One dialect of the gateway's; ``whole`` and ``ended`` stand in a good answer, whole or streamed."""

    path: str
    whole: bytes
    ended: bytes
    extra: tuple[tuple[str, object], ...] = ()


FORMS = {
    "chat": Form("/v1/chat/completions", whole=b'"total_tokens"', ended=b"data: [DONE]"),
    "native": Form("/v1/completions", whole=b'"total_tokens"', ended=b'"done":true'),
    "messages": Form("/v1/messages", whole=b'"output_tokens"', ended=b'"message_stop"'),
    "echo": Form(
        "/v1/chat/completions",
        whole=b'"total_tokens"',
        ended=b"data: [DONE]",
        extra=(("model", "echo4"), ("messages", [{"role": "user", "content": "word " * 120}])),
    ),
    "priced": Form(
        "/v1/chat/completions",
        whole=b'"total_tokens"',
        ended=b"data: [DONE]",
        extra=(("stream_options", {"include_usage": True}),),
    ),
}


def request_bytes(form: Form, *, stream: bool, events: int | None = None) -> bytes:
    """A request as it goes over the wire; ``events`` asks the upstream double for that many."""
    document: dict[str, object] = {"model": MODEL, "messages": MESSAGES, "temperature": 0.7, "max_tokens": 256}
    if stream:
        document["stream"] = True
        document.update(form.extra)
    if events is not None:
        document["double_events"] = events
    body = json.dumps(document, separators=(",", ":")).encode()
    lines = (
        f"POST {form.path} HTTP/1.1",
        "Host: 127.0.0.1",
        "Content-Type: application/json",
        "Accept: application/json",
        "Authorization: Bearer sk-caller",
        "User-Agent: load",
        f"Content-Length: {len(body)}",
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def good(form: Form, *, stream: bool, status: int, body: bytes) -> bool:
    """Whether an answer is what was asked for, to its end."""
    return status == 200 and (form.ended if stream else form.whole) in body
