from hypothesis import given
from hypothesis import strategies as st

from tornado_gateway.domain.usage import BUCKETS, TokenUsage, priced_tier

counts = st.integers(0, 10**9)
usages = st.builds(TokenUsage, counts, counts, *[st.none() | counts] * 6)


@given(usages)
def test_the_buckets_sum_to_the_total(usage: TokenUsage) -> None:
    assert sum(count for _, count in usage.buckets()) == usage.total_tokens
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens


def test_none_is_not_zero_but_counts_as_much() -> None:
    assert TokenUsage(1, 2).cached_input is None
    assert TokenUsage(1, 2).total_tokens == TokenUsage(1, 2, cached_input=0).total_tokens == 3


def test_every_bucket_is_a_member() -> None:
    usage = TokenUsage(*range(1, 9))
    assert dict(usage.buckets()).keys() == set(BUCKETS)
    assert usage.total_tokens == sum(range(1, 9))


def test_only_service_tiers_with_a_price_of_their_own_are_kept() -> None:
    assert [priced_tier(name) for name in ("batch", "flex", "priority", "default", "standard", None)] == [
        "batch",
        "flex",
        "priority",
        None,
        None,
        None,
    ]


def test_what_was_written_to_the_cache_is_told_together_and_unknown_is_not_nothing() -> None:
    assert TokenUsage(1, cache_write=2, cache_write_1h=3).cache_written == 5
    assert TokenUsage(1, cache_write_1h=3).cache_written == 3
    assert TokenUsage(1, cache_write=0).cache_written == 0
    assert TokenUsage(1).cache_written is None
