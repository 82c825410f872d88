from tests.guarding import ENGINE, found
from tornado_gateway.domain.guardrails.matching import BadPattern, Checked


def test_a_second_look_keeps_what_is_meant_of_a_find() -> None:
    halves = Checked(ENGINE.compile("[a-z]+", 64), lambda text: [(0, 1), (2, 3)] if len(text) > 2 else [], again=False)
    assert found(halves, "abc de fgh") == ["a", "c", "f", "h"]


def test_what_was_none_may_hide_one_that_begins_in_it() -> None:
    def even(text: str) -> list[tuple[int, int]]:
        return [(0, len(text))] if len(text) % 2 == 0 else []

    assert found(Checked(ENGINE.compile("[a-z]+", 64), even, again=True), "abc") == ["bc"]
    assert found(Checked(ENGINE.compile("[a-z]+", 64), even, again=False), "abc") == []


def test_what_may_still_be_completed_is_the_candidate_s() -> None:
    checked = Checked(ENGINE.compile("ab+c", 64), lambda _: [], again=True)
    assert checked.read("xx ab").open(0) == 3
    assert checked.read("xx abc").open(0) == 3
    assert checked.read("xx abc.").open(0) == 7


def test_a_pattern_s_refusal_says_where() -> None:
    assert (BadPattern("no", 3).at, BadPattern("no").message) == (3, "no")
