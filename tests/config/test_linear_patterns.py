import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.guarding import ENGINE, found
from tornado_gateway.config.linear_patterns import ABSENT, Re2
from tornado_gateway.domain.guardrails.matching import BadPattern, Checked


def test_places_are_counted_in_characters() -> None:
    matcher = ENGINE.compile(r"b+", 64)
    reading = matcher.read("é😀bb\ud800 b")
    first = reading.next(0)
    assert first is not None
    assert (first.start, first.spans, first.resume) == (2, ((2, 4),), 4)
    second = reading.next(4)
    assert second is not None
    assert second.spans == ((6, 7),)
    assert reading.next(7) is None
    assert reading.open(0) == 6


@given(st.text("ab é😀\ud800", max_size=12), st.integers(0, 12))
def test_the_same_in_texts_of_any_script(text: str, start: int) -> None:
    start = min(start, len(text))
    narrow = text.translate({ord("é"): "x", ord("😀"): "y", 0xD800: "z"})
    matcher = ENGINE.compile(r"a+b|b{2,}", 64)
    wide, plain = matcher.read(text), matcher.read(narrow)
    assert wide.next(start) == plain.next(start)
    assert wide.open(start) == plain.open(start)


def test_what_stands_before_the_start_is_seen() -> None:
    assert ENGINE.compile(r"\bfoo", 64).read("xfoo foo").next(1).spans == ((5, 8),)  # type: ignore[union-attr]
    assert ENGINE.compile(r"^foo", 64).read("xfoo").next(1) is None


@pytest.mark.parametrize(
    ("pattern", "at", "said"),
    [
        ("ab(?=c)", 2, "at character 3"),
        ("(ab", 0, "missing )"),
        ("a{2000}", 1, "repetition size"),
        (r"(a)\1", 3, "escape sequence"),
        ("[z-a]", 1, "range"),
        ("x(?=a)(?=b)", None, "RE2 refuses it: "),
        ("x*", None, "empty text"),
        (r"\b", None, "empty text"),
        ("a|", None, "empty text"),
        ("^", None, "empty text"),
    ],
)
def test_what_is_refused(pattern: str, at: int | None, said: str) -> None:
    with pytest.raises(BadPattern, match=said.replace("(", r"\(").replace(")", r"\)")) as raised:
        ENGINE.compile(pattern, 64)
    assert raised.value.at == at


def test_what_is_empty_in_some_texts_alone_is_no_find() -> None:
    assert found(ENGINE.compile("(?:zz)*(?:z|q$)", 64), "q zzz") == ["zzz"]


def test_where_the_library_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "re2", None)
    with pytest.raises(BadPattern, match="guardrails") as raised:
        Re2().compile("a", 64)
    assert raised.value.message == ABSENT


def test_it_takes_time_in_proportion_to_the_text() -> None:
    """What would be years for an engine that tries every way."""
    reading = ENGINE.compile("(?:a+)+$|(?:a|aa)+b", 64).read("a" * 20_000 + "!")
    assert reading.next(0) is None


def test_several_searches_as_one() -> None:
    def whole(text: str) -> list[tuple[int, int]]:
        return [(0, len(text))]

    plain, checked = ENGINE.compile("(?i)foo", 64), Checked(ENGINE.compile("ba+r", 64), whole, again=True)
    gate = ENGINE.together([plain, checked])
    assert gate is not None
    for text in ("a FOO", "a baar"):
        assert gate.read(text).next(0) is not None
    assert gate.read("a Bar fo").next(0) is None
    assert (gate.read("a Bar fo").open(0), gate.read("a baa").open(0), gate.read("BA").open(0)) == (6, 2, 2)


def test_searches_that_can_not_be_one() -> None:
    plain = ENGINE.compile("foo", 64)
    assert ENGINE.together([]) is None
    assert ENGINE.together([plain]) is None
    assert ENGINE.together([plain, ENGINE.compile(r"\Qb.r\E", 64)]) is None
