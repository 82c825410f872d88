"""Guardrails in a gateway of its own process: every dialect, both lanes, whole and streamed, over real sockets."""

import asyncio
import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from decimal import Decimal
from typing import Any

import httpx
import pytest
import tornado.web

from tests.guarding import CARD, MAIL

from .conftest import Double, Gateway, Seen, send_stream

CONFIG = """\
version: 1
server: {host: 127.0.0.1, port: 0}
providers:
  openai: {kind: openai, base_url: "${OPENAI_BASE_URL}", api_key: "${OPENAI_API_KEY:-}", timeout: 5, max_retries: 0}
  claude: {kind: anthropic, base_url: "${OPENAI_BASE_URL}", api_key: "${OPENAI_API_KEY:-}", timeout: 5, max_retries: 0}
guardrails:
  mails: {match: {pii: [email]}, action: redact}
  cards: {match: {pii: [card]}, message: "No payment data here."}
  hook: {hook: {url: "${OPENAI_BASE_URL}/hook", deadline: 0.3, fail: open}}
  strict: {hook: {url: "${OPENAI_BASE_URL}/hook", deadline: 0.3}, on: [request, response]}
global_guardrails: [mails, cards]
routes:
  gpt-4: {provider: openai}
  claude: {provider: claude}
  asked: {provider: openai, guardrails: [hook]}
  strict: {provider: openai, guardrails: [strict]}
ledger: {url: "sqlite:///usage.db"}
pricing:
  unit: per_1k_tokens
  currency: USD
  models:
    openai/*: {input: 0.03, output: 0.06}
    claude/claude: {input: 0.005, output: 0.025}
"""
DIALECTS = {
    "native": ("/v1/completions", {"messages": [{"role": "user", "content": "%s"}]}),
    "legacy": ("/v1/completions", {"prompt": "%s"}),
    "chat": ("/v1/chat/completions", {"messages": [{"role": "user", "content": "%s"}]}),
    "responses": ("/v1/responses", {"instructions": "Be kind.", "input": "%s"}),
    "messages": ("/v1/messages", {"max_tokens": 50, "messages": [{"role": "user", "content": "%s"}]}),
}


def pieces(text: str) -> list[str]:
    return [text[at : at + 3] for at in range(0, len(text), 3)]


def openai_chat(text: str) -> tuple[Any, list[Any]]:
    usage = {"prompt_tokens": 12, "completion_tokens": 25, "total_tokens": 37}
    head = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt-4"}
    whole = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    frames: list[Any] = [
        {**head, "choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": None}]}
        for piece in pieces(text)
    ]
    frames.append({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    return {**head, "choices": [whole], "usage": usage}, [*frames, {**head, "choices": [], "usage": usage}, "[DONE]"]


def legacy(text: str) -> tuple[Any, list[Any]]:
    usage = {"prompt_tokens": 12, "completion_tokens": 25, "total_tokens": 37}
    head = {"id": "cmpl-1", "object": "text_completion", "created": 1, "model": "gpt-4"}
    frames: list[Any] = [
        {**head, "choices": [{"index": 0, "text": piece, "finish_reason": None}]} for piece in pieces(text)
    ]
    frames.append({**head, "choices": [{"index": 0, "text": "", "finish_reason": "stop"}]})
    whole = {**head, "choices": [{"index": 0, "text": text, "finish_reason": "stop"}], "usage": usage}
    return whole, [*frames, {**head, "choices": [], "usage": usage}, "[DONE]"]


def responses(text: str) -> tuple[Any, list[Any]]:
    item = {"id": "m", "type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]}
    usage = {"input_tokens": 12, "output_tokens": 25, "total_tokens": 37}
    whole = {"id": "r", "object": "response", "status": "completed", "model": "gpt-4", "output": [item], "usage": usage}
    place = {"item_id": "m", "output_index": 0, "content_index": 0}
    frames: list[Any] = [{"type": "response.created", "response": {**whole, "output": [], "usage": None}}]
    frames += [{"type": "response.output_text.delta", "delta": piece, **place} for piece in pieces(text)]
    frames.append({"type": "response.output_text.done", "text": text, **place})
    return whole, [*frames, {"type": "response.completed", "response": whole}]


def messages(text: str) -> tuple[Any, list[Any]]:
    usage = {"input_tokens": 12, "output_tokens": 25}
    head = {"id": "m", "type": "message", "role": "assistant", "model": "claude"}
    whole = {**head, "content": [{"type": "text", "text": text}], "stop_reason": "end_turn", "usage": usage}
    frames: list[Any] = [
        {"type": "message_start", "message": {**head, "content": [], "stop_reason": None, "usage": usage}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    ]
    frames += [
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}}
        for piece in pieces(text)
    ]
    frames.append({"type": "content_block_stop", "index": 0})
    frames.append({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": usage})
    return whole, [*frames, {"type": "message_stop"}]


FORMS = {"/chat/completions": openai_chat, "/completions": legacy, "/responses": responses, "/messages": messages}


def saying(text: str, heard: threading.Event | None = None) -> Callable[[tornado.web.RequestHandler, Seen], Any]:
    """An upstream that says ``text`` in whichever protocol it is asked."""

    def answer(handler: tornado.web.RequestHandler, seen: Seen) -> Any:
        form = next(form for end, form in FORMS.items() if seen.path.endswith(end))
        whole, frames = form(text)
        if not seen.body.get("stream"):
            return handler.finish(json.dumps(whole))
        named = [(f"event: {each['type']}\n" if "type" in each else "", each) for each in frames]
        told = [f"{name}data: {each if isinstance(each, str) else json.dumps(each)}\n\n" for name, each in named]
        return send_stream(handler, told) if heard is None else send_in_two(handler, told, heard)

    return answer


async def send_in_two(handler: tornado.web.RequestHandler, events: list[str], heard: threading.Event) -> None:
    """A stream whose end comes once its beginning has been ``heard``."""
    beginning = next(number for number, event in enumerate(events) if "it " in event) + 2
    handler.set_header("Content-Type", "text/event-stream")
    handler.write("".join(events[:beginning]))
    await handler.flush()
    await asyncio.to_thread(heard.wait, 10)
    handler.finish("".join(events[beginning:]))


def listen(client: httpx.Client, path: str, body: dict[str, Any], heard: threading.Event) -> tuple[int, str]:
    """A stream as it comes; its first text sets ``heard``."""
    said = ""
    with client.stream("POST", path, json={**body, "stream": True}) as answer:
        for line in answer.iter_lines():
            said += line + "\n"
            if told(said):
                heard.set()
        return answer.status_code, said


def asking(dialect: str, text: str, **members: Any) -> tuple[str, dict[str, Any]]:
    path, document = DIALECTS[dialect]
    return path, {**json.loads(json.dumps(document).replace("%s", text)), **members}


def told(body: str) -> str:
    """The text of any stream."""
    said = ""
    for line in body.splitlines():
        if not line.startswith("data: {"):
            continue
        event = json.loads(line[6:])
        delta = event.get("delta")
        if isinstance(delta, dict):
            said += delta.get("text", "")
        elif isinstance(delta, str):
            said += delta
        for choice in event.get("choices", ()):
            said += choice.get("text") or choice.get("delta", {}).get("content") or ""
    return said


@pytest.fixture
def gateway(start: Callable[..., Gateway]) -> Iterator[Gateway]:
    gateway = start(CONFIG)
    yield gateway
    log = gateway.log.read_text()
    assert MAIL not in log
    assert CARD not in log


def test_every_dialect_on_both_lanes(gateway: Gateway, upstream: Double) -> None:
    with httpx.Client(base_url=gateway.url, trust_env=False, timeout=10) as client:
        for model in ("gpt-4", "claude"):
            for dialect in DIALECTS:
                upstream.script = saying(f"write to {MAIL}, or so")
                path, body = asking(dialect, f"who is {MAIL}?", model=model)
                whole = client.post(path, json=body)
                assert whole.status_code == 200, whole.text
                assert "write to [EMAIL], or so" in whole.text, (dialect, model)
                streamed = client.post(path, json={**body, "stream": True})
                assert told(streamed.text) == "write to [EMAIL], or so", (dialect, model, streamed.text)
                assert MAIL not in whole.text + streamed.text
                for seen in upstream.seen[-2:]:
                    assert "who is [EMAIL]?" in json.dumps(seen.body)
                denied_answers(client, upstream, dialect, model)
        denied_requests(client, upstream)
    verdicts = "gateway_guardrail_verdicts_total"
    assert gateway.metric(f'{verdicts}{{action="redact",direction="request",rule="mails"}}') == 20
    assert gateway.metric(f'{verdicts}{{action="redact",direction="response",rule="mails"}}') == 20
    assert gateway.metric(f'{verdicts}{{action="deny",direction="response",rule="cards"}}') == 30
    assert gateway.metric(f'{verdicts}{{action="deny",direction="request",rule="cards"}}') == 5

    in_the_ledger(gateway)


def in_the_ledger(gateway: Gateway) -> None:
    """What was asked reached nobody and has no price; what was answered has one, whole or in pieces."""
    written = 'gateway_ledger_rows_total{outcome="written"}'
    gateway.wait_until(lambda: gateway.metric(written) == 55)
    with closing(sqlite3.connect(gateway.config.parent / "usage.db")) as database:
        rows = database.execute("SELECT status, attempts, cost FROM gateway_ledger WHERE error = 'guardrail_denied'")
        denied = [(status, attempts, cost) for status, attempts, cost in rows]
    assert sorted(attempts for _, attempts, _ in denied) == [0] * 5 + [1] * 30
    for status, attempts, cost in denied:
        assert status == 400
        assert (cost is not None and Decimal(cost) > 0) == bool(attempts)


def denied_answers(client: httpx.Client, upstream: Double, dialect: str, model: str) -> None:
    upstream.script = saying(f"it is {CARD} of course")
    path, body = asking(dialect, "Hello", model=model)
    whole = client.post(path, json=body)
    assert whole.status_code == 400
    assert "No payment data here. (guardrail 'cards' at the answer's " in whole.json()["error"]["message"]
    at_once = client.post(path, json={**body, "stream": True})
    heard = threading.Event()
    upstream.script = saying(f"it is {CARD} of course", heard)
    status, streamed = listen(client, path, body, heard)
    assert (status, told(streamed)) == (200, "it is "), (dialect, model, streamed)
    assert "[DONE]" not in streamed
    for said in (at_once.text, streamed):
        assert "(guardrail 'cards' at the answer's " in said
        assert "4111" not in said


def denied_requests(client: httpx.Client, upstream: Double) -> None:
    asked = len(upstream.seen)
    for dialect in DIALECTS:
        path, body = asking(dialect, f"pay with {CARD}", model="gpt-4")
        denied = client.post(path, json=body)
        assert denied.status_code == 400
        error = denied.json()["error"]
        assert error["type"] == "invalid_request_error"
        assert error["message"].startswith("No payment data here. (guardrail 'cards' at ")
        if dialect != "messages":
            assert error["code"] == "guardrail_denied"
            assert error["param"] in ("messages[0].content", "prompt", "input")
        assert CARD not in denied.text
    assert len(upstream.seen) == asked


def test_embeddings_and_what_is_relayed_byte_for_byte(gateway: Gateway, upstream: Double) -> None:
    bodies: list[bytes] = []

    def answer(handler: tornado.web.RequestHandler, seen: Seen) -> None:
        bodies.append(handler.request.body)
        handler.finish(json.dumps({"object": "list", "data": [], "model": "m", "usage": {"prompt_tokens": 1}}))

    upstream.script = answer
    body = '{"model":"gpt-4","input":["%s","\\u0062\\u002f"],"of_tomorrow":{"z":1.0,"a":[ ]}}'
    sent = httpx.post(f"{gateway.url}/v1/embeddings", content=body % MAIL, headers={"content-type": "application/json"})
    assert sent.status_code == 200, sent.text
    assert bodies == [(body % "[EMAIL]").encode()]


def test_hooks(gateway: Gateway, upstream: Double) -> None:
    answers: list[Any] = []
    questions: list[Any] = []

    def answer(handler: tornado.web.RequestHandler, seen: Seen) -> Any:
        if not seen.path.endswith("/hook"):
            return saying("it is so", heard)(handler, seen)
        questions.append(seen.body)
        said = answers.pop(0)
        return asyncio.sleep(1) if said is None else handler.finish(json.dumps(said))

    heard = threading.Event()
    upstream.script = answer
    with httpx.Client(base_url=gateway.url, trust_env=False, timeout=10) as client:

        def ask(model: str, **members: Any) -> httpx.Response:
            path, body = asking("chat", f"who is {MAIL}?", model=model, **members)
            return client.post(path, json=body)

        answers.append({"action": "redact", "replacements": [{"path": "messages[0].content", "text": "who is it?"}]})
        assert ask("asked").status_code == 200
        assert upstream.seen[-1].body["messages"] == [{"role": "user", "content": "who is it?"}]
        assert questions[-1]["texts"] == [{"path": "messages[0].content", "text": "who is [EMAIL]?"}]
        answers.append({"action": "deny", "message": "Not now."})
        denied = ask("asked")
        assert (denied.status_code, denied.json()["error"]["code"]) == (400, "guardrail_denied")
        assert denied.json()["error"]["message"].startswith("Not now.")
        answers.append(None)
        assert ask("asked").status_code == 200
        answers.append(None)
        late = ask("strict")
        assert (late.status_code, late.json()["error"]["code"]) == (503, "guardrail_unavailable")
        answers += [{"action": "allow"}, {"action": "deny", "message": "Never."}]
        path, body = asking("chat", "Hello", model="strict")
        status, streamed = listen(client, path, body, heard)
        assert (status, told(streamed)) == (200, "it is ")
        assert "Never." in streamed
        assert "[DONE]" not in streamed
        assert (questions[-1]["direction"], questions[-1]["stream"]) == ("response", True)
    verdicts = "gateway_guardrail_verdicts_total"
    assert gateway.metric(f'{verdicts}{{action="failed_open",direction="request",rule="hook"}}') == 1
    assert gateway.metric(f'{verdicts}{{action="failed_closed",direction="request",rule="strict"}}') == 1


def test_a_reload_changes_the_rules_at_once(gateway: Gateway, upstream: Double) -> None:
    upstream.script = saying("Hi")
    path, body = asking("chat", f"pay with {CARD}", model="gpt-4")
    assert httpx.post(gateway.url + path, json=body).status_code == 400
    gateway.config.write_text(CONFIG.replace("global_guardrails: [mails, cards]", "global_guardrails: [mails]"))
    gateway.wait_until(lambda: httpx.post(gateway.url + path, json=body).status_code == 200)
    gateway.config.write_text(CONFIG.replace("{pii: [card]}", "{regex: '(?='}"))
    gateway.wait_until(lambda: "configuration rejected" in gateway.log.read_text())
    assert httpx.post(gateway.url + path, json=body).status_code == 200
