import msgspec

from tornado_gateway.domain.wire import OPENAI_CHAT, Wire

BODY = b'{"model":"a","nested":{"x": 1.50, "y":[1e3,  2]},"big":12345678901234567890123,"u":"\\u00e9"}'


def wire() -> Wire:
    return Wire(OPENAI_CHAT, msgspec.json.decode(BODY, type=dict[str, msgspec.Raw]))


def test_what_is_not_replaced_stays_byte_for_byte() -> None:
    assert wire().replace(model="b") == BODY.replace(b'"a"', b'"b"')


def test_members_come_and_go() -> None:
    changed = msgspec.json.decode(wire().replace(big=None, new={"z": 1}))
    assert "big" not in changed
    assert changed["new"] == {"z": 1}


def test_a_member_is_opened_only_when_asked_for() -> None:
    assert wire().get("nested") == {"x": 1.5, "y": [1000.0, 2]}
    assert wire().get("absent") is None
