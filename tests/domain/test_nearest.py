import pytest

from tornado_gateway.domain.nearest import Adviser, did_you_mean, nearest

NAMES = ("gpt-4", "gpt-4o", "claude-opus-4-1-20250805", "claude-haiku-4-5", "Mistral-Large")


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("gpt4", ["gpt-4", "gpt-4o"]),
        ("GPT-4", ["gpt-4", "gpt-4o"]),
        ("mistral-large", ["Mistral-Large"]),
        ("claude", ["claude-opus-4-1-20250805", "claude-haiku-4-5"]),
        ("Claude-Opus", ["claude-opus-4-1-20250805", "claude-haiku-4-5"]),
        ("cl", []),
        ("", []),
        ("zzz", []),
    ],
)
def test_who_is_near(word: str, found: list[str]) -> None:
    assert sorted(nearest(word, NAMES)) == sorted(found)


def test_the_nearest_first_and_no_more_than_asked() -> None:
    assert nearest("gpt-4p", NAMES, 1) in (["gpt-4"], ["gpt-4o"])
    assert nearest("gpt-4", ["gpt-4o", "gpt-4"]) == ["gpt-4", "gpt-4o"]
    assert nearest("model", [f"model-{number}" for number in range(9)]) == ["model-8", "model-7", "model-6"]


def test_a_near_word_is_offered_and_a_far_one_is_not() -> None:
    assert did_you_mean("prot", ["port", "host"]) == " (did you mean 'port'?)"
    assert did_you_mean("gpt-4", NAMES, 2) == " (did you mean 'gpt-4' or 'gpt-4o'?)"
    assert did_you_mean("xyz", ["port", "host"]) == ""


def test_names_that_differ_by_case_alone_are_one() -> None:
    assert nearest("port", ["Port", "PORT"]) == ["Port"]


def test_a_book_is_compared_by_its_beginning() -> None:
    assert nearest("gpt-4" * 2_000_000, NAMES) == []


def test_of_many_words_the_first_are_advised() -> None:
    advice = Adviser(NAMES)
    assert [bool(advice("gpt-4")) for _ in range(22)] == [True] * 20 + [False] * 2
