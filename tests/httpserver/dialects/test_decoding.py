import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.domain.wire import OPENAI_CHAT, Wire
from tornado_gateway.httpserver.dialects.decoding import (
    ModelName,
    convert,
    decode_as,
    decode_fields,
    effort_of,
    open_fields,
)


class Inner(msgspec.Struct):
    role: str


class Outer(msgspec.Struct):
    model: str
    items: list[Inner] = []
    number: float | None = None
    tags: dict[str, str] | None = None


DECODER = msgspec.json.Decoder(Outer)


@pytest.mark.parametrize(
    ("body", "param", "message"),
    [
        (b"{}", "model", "model: this field is required."),
        (b'{"model":1}', "model", "model: expected a string, got an integer."),
        (b'{"model":"m","items":[{"role":"a"},{}]}', "items[1].role", "items[1].role: this field is required."),
        (b'{"model":"m","items":[{"role":null}]}', "items[0].role", "items[0].role: expected a string, got null."),
        (b'{"model":"m","number":"x"}', "number", "number: expected a number, got a string."),
        (b'{"model":"m","tags":{"a":"b","team":1}}', "tags.team", "tags.team: expected a string, got an integer."),
        (b'{"model":"m","tags":{"`":1}}', "tags[...]", "tags[...]: expected a string, got an integer."),
        (
            b'{"model":"m","tags":{"$.a":[]}}',
            "tags.$.a",
            "tags.$.a: expected a string, got an array.",
        ),
        (b"[]", None, "The body must be a JSON object."),
        (b"7", None, "The body must be a JSON object."),
    ],
)
def test_a_complaint_names_the_fields_path(body: bytes, param: str | None, message: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        decode_as(DECODER, body)
    assert (refused.value.param, refused.value.message) == (param, message)


@pytest.mark.parametrize("body", [b"", b"{", b'{"a":}', b"\xff", b"[" * 100_000, b'{"a":' * 100_000])
def test_what_is_no_json_is_refused(body: bytes) -> None:
    for read in (decode_fields, lambda text: decode_as(DECODER, text)):
        with pytest.raises(InvalidRequest):
            read(body)


@given(st.binary())
def test_no_body_breaks_the_reader(body: bytes) -> None:
    try:
        decode_as(DECODER, body)
    except InvalidRequest as refused:
        assert refused.message


@given(st.dictionaries(st.text(), st.sampled_from(["a", 1]), min_size=1).filter(lambda tags: 1 in tags.values()))
def test_a_mappings_member_is_told_whatever_its_name(tags: dict[str, int | str]) -> None:
    with pytest.raises(InvalidRequest, match=r"(?s)^tags.*: expected a string, got an integer\.\Z"):
        decode_as(DECODER, msgspec.json.encode({"model": "m", "tags": tags}))


def test_a_models_name_has_an_end() -> None:
    class Named(msgspec.Struct):
        model: ModelName

    decoder = msgspec.json.Decoder(Named)
    assert decode_as(decoder, msgspec.json.encode({"model": "m" * 512})).model == "m" * 512
    with pytest.raises(InvalidRequest, match=r"^model: expected a string of length <= 512\.$"):
        decode_as(decoder, msgspec.json.encode({"model": "m" * 513}))


def test_values_below_a_path() -> None:
    assert convert([1], list[int], "a.b") == [1]
    with pytest.raises(InvalidRequest, match=r"^a\.b\[0\]: expected an integer, got a string\.$"):
        convert(["x"], list[int], "a.b")


@pytest.mark.parametrize("value", [b"1e999", b'{"a":[1e999]}'])
def test_what_no_value_can_hold_is_named(value: bytes) -> None:
    assert open_fields(decode_fields(b'{"x":1e300,"y":null}')) == {"x": 1e300, "y": None}
    with pytest.raises(InvalidRequest, match=r"^x: number out of range\.$") as refused:
        open_fields(decode_fields(b'{"x":' + value + b"}"))
    assert refused.value.param == "x"


def test_an_effort_that_nobody_knows_is_named() -> None:
    assert effort_of("high", "reasoning_effort") == "high"
    with pytest.raises(InvalidRequest) as refused:
        effort_of("heroic", "reasoning_effort")
    assert refused.value.param == "reasoning_effort"


@pytest.mark.parametrize(
    "body", [b'{"model":"\xff"}', b'{"a":{"b":"\xc3("}}', b'\xef\xbb\xbf{"a":1}', b'{"\xed\xa0\x80":1}']
)
def test_a_body_that_is_no_utf8_is_refused_wherever_it_is_not(body: bytes) -> None:
    with pytest.raises(InvalidRequest, match="The body is not valid JSON"):
        decode_fields(body)


def test_of_a_member_that_is_there_twice_the_last_one_counts_for_everybody() -> None:
    body = b'{"model":"allowed","user":"\xc3\xa9","model":"last"}'
    fields = decode_fields(body)
    assert Wire(OPENAI_CHAT, fields).replace() == b'{"model":"last","user":"\xc3\xa9"}'
