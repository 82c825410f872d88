"""What a caller is told of a cost, over real sockets."""

import asyncio
import json
from decimal import Decimal
from typing import Any

import pytest
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine

from tests.serving import Served, chat, request, serving
from tests.support import ScriptedProvider, text_answer
from tornado_gateway.domain.errors import UpstreamFailed
from tornado_gateway.domain.events import RequestFinished
from tornado_gateway.domain.money import PriceCard
from tornado_gateway.domain.receipt import Receipt, decode, mistakes
from tornado_gateway.domain.routes import Route, RouteTarget
from tornado_gateway.domain.snapshot import ServerPolicy
from tornado_gateway.domain.stream import Finished, Relayed, StreamBatch, TextDelta, UsageReport
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.httpserver.receipts import as_comment, as_header, before_last_event, wanted

ASK = {"X-Gateway-Receipt": "true"}
HEL = StreamBatch((TextDelta("Hel"),))
END = StreamBatch((TextDelta("lo!"), Finished("stop"), UsageReport(TokenUsage(12, 25))), last=True)
FORMS = {
    "/v1/completions": b'data: {"delta":"","done":true,',
    "/v1/chat/completions": b"data: [DONE]",
    "/v1/responses": b"event: response.completed\n",
    "/v1/messages": b"event: message_stop\n",
}


def document(path: str, **members: Any) -> dict[str, Any]:
    if path == "/v1/responses":
        return {"model": "gpt-4", "input": "Hello", **members}
    return chat(**members, **({"max_tokens": 5} if path == "/v1/messages" else {}))


async def ask(served: Served, path: str = "/v1/chat/completions", **members: Any) -> Any:
    return await served.client.post(path, json=document(path, **members), headers=ASK)


def receipt_in(body: bytes) -> tuple[Receipt, int]:
    """The one receipt of a stream, and where it stands."""
    mark = b": receipt "
    assert body.count(mark) == 1
    start = body.index(mark)
    line = body[start : body.index(b"\n", start)]
    assert body[start + len(line) :].startswith(b"\n\n")
    return decode(line.removeprefix(mark)), start


def check(receipt: Receipt, event: RequestFinished) -> None:
    assert event.cost is not None
    assert (receipt.total, receipt.revision, receipt.row) == (event.cost.amount, event.revision, "openai/gpt-4")
    assert list(mistakes(receipt)) == []


@pytest.mark.parametrize(
    ("value", "asked"),
    [("true", True), ("True", True), (" true ", True), ("maybe", False), ("1", False), ("", False), (None, False)],
)
def test_only_true_asks_for_one(value: str | None, asked: bool) -> None:
    headers = HTTPHeaders({"Host": "g", **({} if value is None else {"x-gateway-receipt": value})})
    line = RequestStartLine("POST", "/", "HTTP/1.1")
    assert wanted(HTTPServerRequest(start_line=line, headers=headers)) is asked


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (b"data: 1\n\ndata: [DONE]\n\n", b"data: 1\n\n: r\n\ndata: [DONE]\n\n"),
        (b"data: [DONE]\n\n", b": r\n\ndata: [DONE]\n\n"),
        (b"data: 1\r\n\r\nevent: stop\r\ndata: 2\r\n\r\n", b"data: 1\r\n\r\n: r\n\nevent: stop\r\ndata: 2\r\n\r\n"),
        (b"data: 1\r\n\r\ndata: [DONE]\n\n", b"data: 1\r\n\r\n: r\n\ndata: [DONE]\n\n"),
        (b"data: 1\r\rdata: 2\r\r", b"data: 1\r\r: r\n\ndata: 2\r\r"),
        (b"", b": r\n\n"),
    ],
)
def test_the_comment_stands_before_the_event_that_ends_the_stream(told: bytes, expected: bytes) -> None:
    assert before_last_event(told, b": r\n\n") == expected
    assert before_last_event(told, b"") == told


def test_no_cost_no_comment() -> None:
    assert as_comment(None, "r") == b""


@pytest.mark.parametrize("path", FORMS)
async def test_a_whole_answer_has_it_in_a_header(path: str) -> None:
    async with serving(ScriptedProvider(script=[text_answer(), text_answer()])) as served:
        answer = await ask(served, path)
        receipt = decode(answer.headers["x-gateway-receipt"])
        check(receipt, served.finished())
        assert answer.headers["x-gateway-receipt"] == as_header(served.finished().cost, "aaaaaaaaaaaa")
        assert json.loads(answer.headers["x-gateway-receipt"])["total"] == answer.headers["x-gateway-cost"]
        plain = await served.client.post(path, json=document(path))
        assert "x-gateway-receipt" not in plain.headers


@pytest.mark.parametrize("path", FORMS)
async def test_a_stream_has_it_before_its_end_mark(path: str) -> None:
    async with serving(ScriptedProvider(script=[[HEL, END], [HEL, END]])) as served:
        answer = await ask(served, path, stream=True)
        assert "x-gateway-receipt" not in answer.headers
        receipt, place = receipt_in(answer.content)
        check(receipt, served.finished())
        behind = answer.content[place:].split(b"\n\n")[1:]
        assert behind[0].startswith(FORMS[path])
        assert behind[1:] == [b""]
        plain = await served.client.post(path, json=document(path, stream=True))
        comment = answer.content[place:].split(b"\n\n")[0] + b"\n\n"
        if path in ("/v1/completions", "/v1/chat/completions"):
            assert answer.content.replace(comment, b"") == plain.content
        assert b"receipt" not in plain.content


async def test_a_relayed_stream_too_however_its_lines_end() -> None:
    usage = b'data: {"choices":[],"usage":{"prompt_tokens":12,"completion_tokens":25}}\r\n\r\n'
    batch = StreamBatch((Relayed(b'data: {"choices":[{}]}\r\n\r\n', 1), UsageReport(TokenUsage(12, 25), frame=usage)))
    async with serving(ScriptedProvider(script=[[batch, StreamBatch((), last=True)]])) as served:
        answer = await ask(served, stream=True, stream_options={"include_usage": True})
        receipt, place = receipt_in(answer.content)
        check(receipt, served.finished())
        assert answer.content[:place].endswith(b'"cost":0.00186}}\r\n\r\n')
        assert answer.content.endswith(b"}\n\ndata: [DONE]\n\n")


async def test_what_a_broken_stream_used_is_told_before_its_error() -> None:
    async with serving(ScriptedProvider(script=[[HEL, UpstreamFailed("It broke.")]])) as served:
        answer = await ask(served, stream=True)
        receipt, place = receipt_in(answer.content)
        check(receipt, served.finished())
        assert receipt.estimated
        assert answer.content[place:].split(b"\n\n")[1].startswith(b"event: error\n")
        assert b"[DONE]" not in answer.content


async def test_a_stream_that_broke_before_it_was_sent_tells_in_its_errors_header() -> None:
    odd = StreamBatch((UsageReport(TokenUsage(12, 25), frame=b"data: no json at all\n\n"),))
    async with serving(ScriptedProvider(script=[[odd, END]])) as served:
        answer = await ask(served, stream=True)
        assert answer.status_code == 500
        check(decode(answer.headers["x-gateway-receipt"]), served.finished())


async def test_nothing_used_nothing_told() -> None:
    script = [UpstreamFailed("It broke."), [UpstreamFailed("It broke.")], text_answer(), [HEL, END]]
    async with serving(ScriptedProvider(script=script), cards=[], allow_unpriced=True) as served:
        for members in ({}, {"stream": True}, {}, {"stream": True}):
            answer = await ask(served, **members)
            assert "x-gateway-receipt" not in answer.headers
            assert b": receipt" not in answer.content


async def test_a_failure_behind_a_comment_has_no_receipt_where_nothing_was_used() -> None:
    go = asyncio.Event()
    provider = ScriptedProvider(script=[[go.wait, UpstreamFailed("It broke.")]])
    async with serving(provider, server=ServerPolicy(keep_alive=0.05)) as served:
        client = await served.connect()
        await client.send(request(chat(stream=True), headers=["X-Gateway-Receipt: true"]))
        await client.until(b": keep-alive\n\n")
        go.set()
        rest = await client.until(b"0\r\n\r\n")
        assert b"event: error" in rest
        assert b": receipt" not in rest


async def test_a_name_that_no_header_holds_is_escaped_and_browsers_may_read_it() -> None:
    routes = [Route("gpt-4", (RouteTarget("openai", "mod\u00e8le"),))]
    cards = [PriceCard("openai/mod\u00e8*", Decimal(1), Decimal(1))]
    async with serving(ScriptedProvider(script=[text_answer()]), routes=routes, cards=cards) as served:
        headers = {**ASK, "Origin": "https://example.org"}
        answer = await served.client.post("/v1/chat/completions", json=chat(), headers=headers)
        assert decode(answer.headers["x-gateway-receipt"]).row == "openai/mod\u00e8*"
        assert "X-Gateway-Receipt" in answer.headers["access-control-expose-headers"]
