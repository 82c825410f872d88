import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornado_gateway.domain.guardrails.documents import Path, literal_of, spliced, text_of, values

JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=4), inner, max_size=4)),
    max_leaves=12,
)
ENCODERS = st.sampled_from(
    [
        lambda value: json.dumps(value).encode(),
        lambda value: json.dumps(value, ensure_ascii=False, indent=2).encode(),
        msgspec.json.encode,
    ]
)


def leaves(value: Any, path: Path) -> list[tuple[Path, Any]]:
    if isinstance(value, dict):
        return [leaf for name, each in value.items() for leaf in leaves(each, (*path, name))]
    if isinstance(value, list):
        return [leaf for place, each in enumerate(value) for leaf in leaves(each, (*path, place))]
    return [(path, value)]


@given(JSON, ENCODERS)
def test_every_scalar_is_found_where_it_stands(value: Any, encode: Any) -> None:
    document = encode(value)
    found = [(each.path, json.loads(document[each.start : each.end])) for each in values(document, ("m",))]
    assert found == leaves(json.loads(document), ("m",))


@given(JSON, ENCODERS, st.data())
def test_what_is_changed_is_changed_and_every_byte_around_it_stays(
    value: Any, encode: Any, data: st.DataObject
) -> None:
    document = encode(value)
    found = list(values(document))
    chosen = data.draw(st.lists(st.sampled_from(found), unique=True)) if found else []
    changes = [(each, literal_of("new")) for each in sorted(chosen, key=lambda each: each.start)]
    made = spliced(document, changes)
    expected, at = b"", 0
    for each, word in changes:
        expected += document[at : each.start] + word
        at = each.end
    assert made == expected + document[at:]
    assert [leaf for _, leaf in leaves(json.loads(made), ())] == [
        "new" if each in chosen else json.loads(document[each.start : each.end]) for each in found
    ]


def test_a_member_that_is_there_twice_is_found_twice() -> None:
    assert [(each.path, each.start) for each in values(b'{"a": 1, "a": 2}')] == [(("a",), 6), (("a",), 14)]


def test_names_are_read_as_they_are_meant() -> None:
    assert [each.path for each in values(rb'{"c\u006fntent": [{}, [], 1]}')] == [("content", 2)]


def test_some_members_come_whole() -> None:
    document = b'{"l": {"a": [1, {"l": 2}]}, "b": {"l": null}, "c": [{"l": []}, 3]}'
    found = list(values(document, whole=frozenset({"l"})))
    assert [(each.path, document[each.start : each.end], each.whole) for each in found] == [
        (("l",), b'{"a": [1, {"l": 2}]}', True),
        (("b", "l"), b"null", False),
        (("c", 0, "l"), b"[]", True),
        (("c", 1), b"3", False),
    ]


@pytest.mark.parametrize(
    ("literal", "text"),
    [(b'"a\xc3\xa9"', "aé"), (rb'"\u00e9\n\""', 'é\n"'), (rb'"\ud83d\ude00"', "😀"), (rb'"\ud83d x"', "\ud83d x")],
)
def test_string_literals(literal: bytes, text: str) -> None:
    assert text_of(literal) == text
    assert text_of(literal_of(text)) == text
