from tornado_gateway.providers.anthropic.schemas import closed

INNER = {"type": "object", "properties": {"a": {"type": "string"}}}
CLOSED = {**INNER, "additionalProperties": False}


def test_every_object_is_closed_wherever_it_stands() -> None:
    schema = {
        "type": "object",
        "properties": {"list": {"type": "array", "items": INNER}, "either": {"anyOf": [INNER, {"type": "null"}]}},
        "$defs": {"thing": INNER},
    }
    assert closed(schema) == {
        "type": "object",
        "properties": {"list": {"type": "array", "items": CLOSED}, "either": {"anyOf": [CLOSED, {"type": "null"}]}},
        "$defs": {"thing": CLOSED},
        "additionalProperties": False,
    }
    assert "additionalProperties" not in INNER


def test_what_the_caller_said_stays() -> None:
    said = {"properties": {}, "additionalProperties": True}
    assert closed(said) == said
    assert closed(True) is True
