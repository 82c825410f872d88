import json
from decimal import Decimal
from typing import Any

from tornado_gateway.domain.errors import UpstreamFailed
from tornado_gateway.domain.money import Cost
from tornado_gateway.domain.stream import Finished, Relayed, Started, TextDelta, UsageReport
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.httpserver.dialects.responses_stream import ResponsesStreamEncoder


def encoder(**request: Any) -> ResponsesStreamEncoder:
    return ResponsesStreamEncoder(lambda: request, "asked", 5)


def events(body: bytes) -> list[dict[str, Any]]:
    found = []
    for frame in body.decode().strip().split("\n\n"):
        name, data = frame.split("\n")
        document = json.loads(data.removeprefix("data: "))
        assert name == f"event: {document['type']}"
        found.append(document)
    return found


def test_a_translated_stream_is_typed_and_numbered() -> None:
    made = encoder(temperature=0.5)
    report = UsageReport(TokenUsage(3, 4), Cost(Decimal("0.00186")))
    body = made.encode([Started("i", "m", 9), TextDelta("Hel")]) + made.encode(
        [TextDelta("lo"), Finished("length"), report]
    )
    told = events(body + made.close())
    assert [event["sequence_number"] for event in told] == list(range(len(told)))
    assert [event["type"] for event in told[:2]] == ["response.created", "response.in_progress"]
    last = told[-1]
    assert last["type"] == "response.incomplete"
    assert last["response"]["output"][0]["content"][0]["text"] == "Hello"
    assert last["response"]["output"][0]["status"] == "incomplete"
    assert last["response"]["usage"]["cost"] == 0.00186
    assert (last["response"]["id"], last["response"]["created_at"], last["response"]["temperature"]) == (
        "resp_i",
        9,
        0.5,
    )


def test_one_that_says_nothing_is_whole_too() -> None:
    told = events(encoder().close())
    assert [event["type"] for event in told] == ["response.created", "response.in_progress", "response.completed"]
    assert (told[-1]["response"]["model"], told[-1]["response"]["created_at"]) == ("asked", 5)


def test_a_relayed_stream_gets_its_cost_and_nothing_else() -> None:
    made = encoder()
    first = b'event: response.created\ndata: {"type":"response.created","sequence_number":0}\n\n'
    frame = b'event: response.completed\ndata: {"type":"x","response":{"usage":{"input_tokens":1},"z":1.50}}\n\n'
    assert made.encode([Relayed(first, 1)]) == first
    told = made.encode([UsageReport(TokenUsage(1, 0), Cost(Decimal("0.5")), frame), Finished("stop")])
    assert told == frame.replace(b'"input_tokens":1', b'"input_tokens":1,"cost":0.5')
    assert made.close() == b""


def test_an_error_goes_on_with_the_numbers() -> None:
    made = encoder()
    made.encode([Relayed(b'data: {"sequence_number":6}\n\ndata: {"sequence_number": 7}\n\n', 2)])
    (error,) = events(made.fail(UpstreamFailed("broke off"), "r"))
    assert (error["type"], error["sequence_number"], error["code"]) == ("error", 8, "upstream_failed")
    assert error["error"]["message"] == error["message"] == "broke off"
    made = encoder()
    before = events(made.encode([Started("i", "m"), TextDelta("x")]))
    (error,) = events(made.fail(UpstreamFailed("x"), "r"))
    assert error["sequence_number"] == len(before)


def test_how_the_provider_served_it_is_told_with_the_usage() -> None:
    made = encoder()
    told = events(made.encode([UsageReport(TokenUsage(1, 1, service_tier="flex"))]) + made.close())
    assert told[-1]["response"]["service_tier"] == "flex"
