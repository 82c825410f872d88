import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.guarding import CARD, IBAN, KEY, MAIL, counts, in_pieces, pii, rule, said, tally
from tornado_gateway.domain.errors import GuardrailDenied
from tornado_gateway.domain.guardrails.rules import MatchRule
from tornado_gateway.domain.guardrails.window import Window, guarded

PII = pii("email", "phone", "card", "iban", "secret")
RULES = [
    *PII,
    rule(r"\bfoo(?:bar)?\b", name="foo", window=4096),
    rule(r"(?i)a[^b]{2,5}b|xyz", name="a", window=4096),
    rule("^Hello", name="hello", window=4096),
    rule(r"\d{3}-\d{2}-\d{4}$", name="end", window=4096),
    rule(r"\B1+", name="ones", replacement="", window=4096),
    rule("z.*y", "flag", name="seen", window=4096),
]
WORDS = (
    *("foo", "bar", " ", CARD, MAIL, "é", "\u2028", "Hello", "axxb", "-", "123-45-6789", IBAN, "xyz", KEY),
    *("+49 30 901820", "\n", ".", "1", "@", "a", "z", "y"),
)
TEXTS = st.lists(st.sampled_from(WORDS), max_size=12).map("".join)


def cut_up(text: str, places: list[int]) -> list[str]:
    edges = sorted({0, len(text), *(place % (len(text) + 1) for place in places)})
    return [text[start:stop] for start, stop in pairwise(edges)]


@given(TEXTS, st.lists(st.integers(0, 10_000), max_size=30))
def test_however_a_text_is_cut_what_goes_out_is_what_would_go_out_of_the_whole(text: str, places: list[int]) -> None:
    whole, cut = tally(), tally()
    wanted = guarded(text, RULES, whole, "text")
    assert said(in_pieces(cut_up(text, places), RULES, cut)) == wanted
    assert counts(cut) == counts(whole)


@given(TEXTS)
def test_by_single_characters(text: str) -> None:
    assert said(in_pieces(list(text), RULES)) == guarded(text, RULES, tally(), "text")


def held(pieces: list[str], rules: list[MatchRule]) -> list[str | None]:
    """What has gone out while the text is still open."""
    window = Window(rules, tally("response"), "text")
    made = []
    for piece in pieces:
        made.append(window.add(piece))
        window.settle()
    return [piece.result for piece in made]


def test_no_more_is_held_than_a_match_could_still_need() -> None:
    assert held(["see ", "bo", "b@", "x.org", " now"], pii("email")) == ["see ", "[EMAIL]", "", "", None]
    assert held(["see ", "bo", "b ", "or"], pii("email")) == ["see ", "bo", "b ", None]
    assert held(["pay 4111", " 1111", " or"], pii("card")) == ["pay 4111", " 1111", " or"]
    assert held(["pay", " ", "4111", " 1111"], pii("card")) == ["pay", " ", None, None]
    assert held(["a secret", "s"], [rule("secret")]) == ["a [R]", None]
    assert held(["a secret"], [rule("secret")]) == [None]
    assert held(["abc"], [rule("x", "flag")]) == ["abc"]


def test_empty_pieces_pass() -> None:
    assert held(["b", "", "@"], pii("email")) == [None, "", None]


def test_finds_that_overlap_are_replaced_as_one_by_the_word_of_the_first() -> None:
    rules = [rule("cde", name="second", replacement="<2>"), rule("abc", name="first", replacement="<1>")]
    assert said(in_pieces(["xab", "cd", "ey"], rules)) == "x<1>y"
    same = [rule("ab+", name="long", replacement="<l>"), rule("ab", name="short", replacement="<s>")]
    assert said(in_pieces(["a", "b", "b", "c"], same)) == "<l>c"
    assert said(in_pieces(["a", "b", "b", "c"], same[::-1])) == "<s>c"
    assert said(in_pieces(["abcd"], [rule("ab"), rule("cd")])) == "[R][R]"


def test_a_rule_that_denies_ends_it_before_anything_of_the_find_is_out() -> None:
    window = Window([rule("secret", "deny", message="No.")], tally(), "choices[0].delta.content")
    pieces = [window.add("a sec"), window.add("ret")]
    with pytest.raises(GuardrailDenied) as raised:
        window.settle(final=True)
    assert [piece.result for piece in pieces] == [None, None]
    assert raised.value.message == "No. (guardrail 'rule' at choices[0].delta.content)"


def test_a_flag_is_counted_and_nothing_else() -> None:
    seen = tally()
    assert said(in_pieces(["ab", "cabc"], [rule("abc", "flag", name="seen")], seen)) == "abcabc"
    assert counts(seen) == {("seen", "flag", "text"): 2}


def test_what_is_sealed_is_flagged_and_not_changed() -> None:
    seen = tally()
    assert said(in_pieces([MAIL], pii("email"), seen, sealed=True)) == MAIL
    assert counts(seen) == {("email", "flag", "text"): 1}
    with pytest.raises(GuardrailDenied):
        in_pieces([MAIL], pii("email", action="deny"), sealed=True)


@given(st.lists(st.integers(0, 10_000), max_size=20))
def test_arguments_stay_json(places: list[int]) -> None:
    text = json.dumps({"to": f'say "{MAIL}"', "card": 4111111111111111, "n": [1, MAIL]})
    rules = pii("email", "card")
    rules[0] = rule(r"bob@example\.org", replacement='["E"]\\')
    made = said(in_pieces(cut_up(text, places), rules, quoted=True))
    assert json.loads(made) == {"to": 'say "["E"]\\"', "card": "[CARD]", "n": [1, '["E"]\\']}


LONG = "BEGIN" + "x" * 100


def test_what_is_longer_than_the_window_goes_out_and_the_rest_of_the_find_does_not() -> None:
    pieces = [LONG[at : at + 5] for at in range(0, len(LONG), 5)] + ["END", " after"]
    made = said(in_pieces(pieces, [rule("BEGIN.*END", window=20)]))
    assert made.startswith("BEGINxxxxx")
    assert made.endswith("[R] after")
    assert "END" not in made
    assert len(made) == len(LONG) - 20 + len("[R] after")


def test_a_rule_that_denies_does_so_once_what_is_there_matches_however_long_it_gets() -> None:
    with pytest.raises(GuardrailDenied):
        held([*LONG, "END"], [rule("BEGIN.*END", "deny", window=20)])
    with pytest.raises(GuardrailDenied):
        held(["9" * 30], [rule("[0-9]{5,}", "deny", window=20)])
    assert held(["9" * 15], [rule("[0-9]{5,}", "deny", window=20)]) == [None]


def test_a_pattern_of_unknown_beginnings_holds_its_window() -> None:
    rules = [rule(r"\Qa.b\E", window=8)]
    assert held(list("0123456789a."), rules) == [*"0123", *[None] * 8]
    assert said(in_pieces(list("0123456789a.b!"), rules)) == "0123456789[R]!"
    assert said(in_pieces(list("é123456789a.b!"), rules)) == "é123456789[R]!"


def test_what_is_kept_has_a_bound() -> None:
    window = Window([rule("(?s)a.*b", window=64)], tally(), "text")
    for _ in range(400):
        window.add("a" * 50)
        window.settle()
    assert len(window._text) < 4096 + 100
    assert len(window._pieces) <= 3


def test_a_text_full_of_finds_takes_time_in_proportion() -> None:
    rules = [*pii("email", "card", "iban", "phone"), rule("@", name="at")]
    text = f"é {MAIL} {CARD[:-1]}2 01/01/2024 AB12 " * 3000
    assert said(in_pieces([text], rules)).count("[EMAIL]") == 3000


def escaped(text: str, seed: int) -> str:
    """``text`` as a JSON string, some of its characters in escapes that no writer needs."""
    made = []
    for number, character in enumerate(text):
        if (seed >> number % 60) & 1:
            units = character.encode("utf-16-be").hex()
            made.append("".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4)))
        else:
            made.append(json.dumps(character, ensure_ascii=False)[1:-1])
    return f'{{"a": "{"".join(made)}"}}'


@given(
    TEXTS.map(lambda text: f"{text} {MAIL}\n{MAIL} 😀{KEY}"), st.integers(0, 2**60), st.lists(st.integers(0, 10_000))
)
def test_escapes_hide_nothing_and_what_is_left_is_json(text: str, seed: int, places: list[int]) -> None:
    written = escaped(text, seed)
    whole, cut = tally(), tally()
    wanted = guarded(written, PII, whole, "text", quoted=True)
    assert json.loads(wanted)["a"].endswith("\n[EMAIL] 😀[SECRET]")
    pieces = in_pieces(cut_up(written, places), PII, cut, quoted=True)
    assert said(pieces) == wanted
    assert counts(cut) == counts(whole)


@pytest.mark.parametrize("end", ["\\", "\\u00", "\\ud83d", "\\ud83d\\ude", "\\q", "\\uzz", "\\ud83dx"])
def test_an_escape_that_is_never_completed_is_not_lost(end: str) -> None:
    for cut in range(len(end) + 1):
        pieces = in_pieces(['{"a": "x' + end[:cut], end[cut:]], RULES, tally(), quoted=True)
        assert said(pieces) == '{"a": "x' + end


def test_nothing_is_found_where_nothing_is() -> None:
    text = '{"a": "C:\\\\new\\\\table \\u00e9"}'
    assert guarded(text, RULES, tally(), "text", quoted=True) == text
