import msgspec

from tornado_gateway.providers.openai.shapes import Glance, WireAnswer, WireToolCall


def test_every_member_may_be_missing_or_null() -> None:
    nothing = WireAnswer()
    assert msgspec.json.decode(b"{}", type=WireAnswer) == nothing
    nulls = msgspec.json.encode(dict.fromkeys(nothing.__struct_fields__))
    assert msgspec.json.decode(nulls, type=WireAnswer) == nothing
    assert msgspec.json.decode(b'{"choices":[{}],"x":1}', type=Glance).choices is not None


def test_geminis_signature_of_a_call() -> None:
    call = msgspec.json.decode(b'{"extra_content":{"google":{"thought_signature":"s"}}}', type=WireToolCall)
    assert (call.signature, WireToolCall().signature) == ("s", None)
