from tornado_gateway.httpserver.dialects.unread import unread

OUTER = {"": frozenset({"role", "content"}), "call": frozenset({"type", "name"})}
INNER = {"content": {"text": frozenset({"type", "text"}), "result": frozenset({"type", "content"})}}


def test_what_holds_something_and_is_not_read_is_named_at_any_depth() -> None:
    entries = [
        {"role": "user", "content": "x", "mood": "good"},
        {"role": "user", "content": [{"type": "text", "text": "x", "cached": {"a": 1}}]},
        {"content": [{"type": "result", "content": [{"type": "text", "text": "x", "n": 0}]}]},
        {"type": "call", "name": "f", "extra": True},
    ]
    assert list(unread(entries, OUTER, "messages[]", INNER)) == [
        "messages[].mood",
        "messages[].content[].cached",
        "messages[].content[].content[].n",
        "messages[].extra",
    ]


def test_what_holds_nothing_or_is_somebody_elses_to_judge_is_not() -> None:
    entries = [{"role": "x", "a": None, "b": "", "c": [], "d": {}}, {"type": "unheard", "e": 1}, 7]
    assert list(unread(entries, OUTER, "m", INNER)) == []
    assert list(unread("hello", OUTER, "m", INNER)) == []


def test_each_is_named_once_as_the_request_has_them() -> None:
    entries = [{"z": 1, "role": "x", "y": 2, "a": 3}, {"a": 4, "z": 5}]
    assert unread(entries, OUTER, "m", INNER) == ("m.z", "m.y", "m.a")
