from dataclasses import FrozenInstanceError

import pytest

from tornado_gateway.domain.caching import BYPASS, MISS, CacheMark, CachePolicy


def test_answers_are_each_callers_own_unless_the_file_says_otherwise() -> None:
    assert CachePolicy(ttl=1).scope == "key"


def test_only_a_hit_has_an_age_and_saves_something() -> None:
    assert {mark.outcome for mark in (MISS, BYPASS)} == {"miss", "bypass"}
    assert all(mark.age is None and mark.saved is None for mark in (MISS, BYPASS))


def test_marks_are_shared_and_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        MISS.outcome = "hit"  # type: ignore[misc]
    assert CacheMark("miss") == MISS
