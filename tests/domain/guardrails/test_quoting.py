import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornado_gateway.domain.guardrails.quoting import Quoting


@pytest.mark.parametrize(
    ("before", "written"),
    [
        ("", '"a\\"b"'),
        ('{"k": ', '"a\\"b"'),
        ('{"k": "', 'a\\"b'),
        ('{"k": "x\\"', 'a\\"b'),
        ('{"k": "x\\\\"', '"a\\"b"'),
        ('{"k": "x\\\\\\"', 'a\\"b'),
    ],
)
def test_a_word_is_written_as_its_place_wants_it(before: str, written: str) -> None:
    for cut in range(len(before) + 1):
        quoting = Quoting()
        quoting.read(before[:cut])
        quoting.read("")
        quoting.read(before[cut:])
        assert quoting.written('a"b') == written


@given(st.recursive(st.text('a"\\\n', max_size=5), lambda inner: st.lists(inner, max_size=3), max_leaves=5), st.data())
def test_in_any_string_of_any_document(document: object, data: st.DataObject) -> None:
    text = msgspec.json.encode(document).decode() + "#"
    assert not inside(text[:-1])
    cut = data.draw(st.integers(0, len(text) - 1))
    quoting = Quoting()
    quoting.read(text[:cut])
    assert quoting.written("w") == ("w" if inside(text[:cut]) else '"w"')


def inside(text: str) -> bool:
    within = escaped = False
    for character in text:
        if escaped:
            escaped = False
        elif character == "\\" and within:
            escaped = True
        elif character == '"':
            within = not within
    return within
