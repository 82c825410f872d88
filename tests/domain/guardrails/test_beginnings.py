import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.guarding import ENGINE
from tornado_gateway.domain.guardrails.beginnings import beginnings

ATOMS = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\w", r"\d"])
PATTERNS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"(?:{'|'.join(parts)})"),
        st.tuples(inner, st.sampled_from(["?", "+", "*", "{2}", "{1,3}", "{2,}", "+?"])).map(
            lambda pair: f"(?:{pair[0]}){pair[1]}"
        ),
        inner.map(lambda part: f"({part})"),
    ),
    max_leaves=6,
)
TEXTS = st.text("ab1 ", max_size=10)


def fully(pattern: str, text: str) -> bool:
    import re2

    return re2.fullmatch(f"(?:{pattern})", text) is not None


@pytest.mark.parametrize(
    ("pattern", "begun"),
    [
        ("abc", ["", "a", "ab", "abc"]),
        ("a{2,3}b", ["", "a", "aa", "aaa", "aab", "aaab"]),
        ("ab|cd", ["", "a", "ab", "c", "cd"]),
        (r"a(?P<n>b+)c", ["", "a", "ab", "abbb", "abc"]),
        (r"(?i)ab", ["", "A", "aB"]),
        (r"(?i)a|b", ["A", "B"]),
        (r"\ba\b.", ["", "a", "a "]),
        (r"a(?i:b)", ["a", "aB"]),
        (r"[]a-c\]]x", ["]", "b", "]x"]),
        (r"\x{e9}\pL\p{Thai}[[:alpha:]]", ["é", "éé", "ééก", "ééกz"]),
    ],
)
def test_all_that_a_match_may_begin_with(pattern: str, begun: list[str]) -> None:
    made = beginnings(pattern)
    assert made is not None
    for text in begun:
        assert fully(made, text), text
    assert not fully(made, "zz~")


@pytest.mark.parametrize("pattern", [r"\Qa.b\E", r"a(?i)b", r"\b*a", "(" * 30 + "a" + ")" * 30, "a" * 70000])
def test_of_what_is_not_understood_nothing_is_known(pattern: str) -> None:
    assert beginnings(pattern) is None


@given(PATTERNS, TEXTS, TEXTS)
def test_what_begins_a_match_is_a_beginning(pattern: str, text: str, more: str) -> None:
    made = beginnings(pattern)
    assert made is not None
    if fully(pattern, text + more):
        assert fully(made, text)


@given(PATTERNS.filter(lambda pattern: not fully(pattern, "")), TEXTS, TEXTS)
def test_what_is_settled_stays_so_whatever_comes(pattern: str, text: str, more: str) -> None:
    from tornado_gateway.domain.guardrails.matching import BadPattern

    try:
        matcher = ENGINE.compile(pattern, 64)
    except BadPattern:
        return
    opened = matcher.read(text).open(0)
    before, after = matcher.read(text).next(0), matcher.read(text + more).next(0)
    if before is not None and before.start < opened:
        assert after == before
    if after is not None and after.start < opened:
        assert after == before
