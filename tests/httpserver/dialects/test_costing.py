import json
from decimal import Decimal

import msgspec
import pytest

from tornado_gateway.domain.money import Cost
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.httpserver.dialects.costing import (
    chat_usage,
    cost_number,
    document_with_cost,
    frame_with_cost,
    native_usage,
)

COST = Cost(Decimal("0.00186"))


def fields(document: bytes) -> dict[str, msgspec.Raw]:
    return msgspec.json.decode(document, type=dict[str, msgspec.Raw])


def test_the_cost_is_written_with_the_decimals_digits() -> None:
    assert bytes(cost_number(Cost(Decimal("1E-7")))) == b"0.0000001"
    assert bytes(cost_number(None)) == b"null"


def test_nothing_but_the_cost_is_added() -> None:
    document = b'{"a":{"n": 1.50},"usage":{"prompt_tokens": 12,"x":[1, 2]}}'
    assert document_with_cost(fields(document), COST) == (
        b'{"a":{"n": 1.50},"usage":{"prompt_tokens":12,"x":[1, 2],"cost":0.00186}}'
    )


@pytest.mark.parametrize("document", [b"{}", b'{"usage":null}', b'{"usage":{}}', b'{"usage":{"cost":7}}'])
def test_a_vendors_own_cost_gives_way_and_a_missing_usage_comes_to_be(document: bytes) -> None:
    assert document_with_cost(fields(document), COST) == b'{"usage":{"cost":0.00186}}'


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_an_event_keeps_its_other_lines(end: str) -> None:
    frame = f'event: x{end}data: {{"usage":{{"t":1}}}}{end}{end}'.encode()
    assert frame_with_cost(frame, COST) == f'event: x{end}data: {{"usage":{{"t":1,"cost":0.00186}}}}{end}{end}'.encode()


def test_usage_objects_for_translated_answers() -> None:
    usage = TokenUsage(10, 5, cached_input=2, reasoning=3)
    assert json.loads(msgspec.json.encode(native_usage(usage, COST))) == {
        "prompt_tokens": 12,
        "completion_tokens": 8,
        "total_tokens": 20,
        "cost": 0.00186,
    }
    chat = json.loads(msgspec.json.encode(chat_usage(usage, None)))
    assert chat["prompt_tokens_details"] == {"cached_tokens": 2}
    assert chat["completion_tokens_details"] == {"reasoning_tokens": 3}
    assert chat["cost"] is None


def test_a_document_over_several_lines_goes_on_in_one() -> None:
    frame = b'event: x\r\ndata: {"usage":\r\ndata: {"a":1}}\r\nid: 7\r\n\r\n'
    assert frame_with_cost(frame, COST) == b'event: x\r\ndata: {"usage":{"a":1,"cost":0.00186}}\r\nid: 7\r\n\r\n'


def test_what_was_written_to_the_cache_is_told_together() -> None:
    told = chat_usage(TokenUsage(10, cache_write=2, cache_write_1h=3), None)
    assert told["prompt_tokens_details"] == {"cache_write_tokens": 5}
