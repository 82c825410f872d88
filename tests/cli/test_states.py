import pytest

from tornado_gateway.cli.states import NoAnswer, ask, told


def test_conditions_in_words() -> None:
    closed = {"endpoint": 0, "circuit": "closed"}
    resting = {"endpoint": 1, "circuit": "half_open", "retry_in": 12.5}
    assert told({"configured": True, "endpoints": [closed]}) == "circuit closed"
    several = told({"configured": True, "endpoints": [closed, resting]})
    assert several == "endpoint 0 closed, endpoint 1 half open, asked again in 12.5 s"
    assert told({"configured": False, "endpoints": []}) == "nobody to ask: no API key"
    assert told(None) == "not known there"


def test_nobody_there() -> None:
    with pytest.raises(NoAnswer, match="no gateway answers"):
        ask("http://127.0.0.1:1/")
