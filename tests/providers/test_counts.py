from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornado_gateway.providers.counts import MOST, split, whole

counts = st.none() | st.integers(-(10**30), 10**30) | st.floats()


@pytest.mark.parametrize(
    ("count", "meant"),
    [(None, None), (0, 0), (7, 7), (12.0, 12), (12.2, 13), (-3, 0), (-0.5, 0), (10**400, MOST), (1e300, MOST),
     (float("nan"), None), (float("inf"), None)],
)  # fmt: skip
def test_a_count_is_what_it_can_only_mean(count: int | float | None, meant: int | None) -> None:
    assert whole(count) == meant
    assert meant is None or type(whole(count)) is int


def test_parts_and_what_they_leave() -> None:
    assert split(10, 4, None, 1) == (5, (4, None, 1))
    assert split(10, 4, None, 7) == (0, (4, None, 6)), "there is no more of it"
    assert split(10, 11, 1) == (0, (10, 0))
    assert split(0, 5) == (0, (0,))
    assert split(None, 4, None) == (0, (4, None)), "the parts are all that was said"
    assert split(12.0, 2.0) == (10, (2,))


@given(counts, st.lists(counts, max_size=4))
def test_nothing_is_negative_and_nothing_lost(total: int | float | None, parts: list[int | float | None]) -> None:
    left, kept = split(total, *parts)
    assert left >= 0
    assert [count is None for count in kept] == [whole(part) is None for part in parts]
    assert all(count >= 0 for count in kept if count is not None)
    known = whole(total)
    summed = sum(whole(part) or 0 for part in parts)
    assert left + sum(count or 0 for count in kept) == (summed if known is None else known)
    if known is not None and summed <= known:
        assert list(kept) == [whole(part) for part in parts]
    assert ceil(left) == left
