"""What docs/translation.md says of each pair of dialect and provider is so."""

import pytest

from .outcomes import PAIRS, PROVIDERS, Feature, Pairs, SilentlyLost, outcome
from .table import MARK, PAGE, tables

CASES = [
    pytest.param(pairs, feature, kind, id=f"{pairs.title}-{feature.name}-{kind}")
    for pairs in PAIRS
    for feature in pairs.features()
    for kind in PROVIDERS
]


@pytest.mark.parametrize(("pairs", "feature", "kind"), CASES)
def test_nothing_is_lost_without_a_word(pairs: Pairs, feature: Feature, kind: str) -> None:
    assert outcome(pairs, feature, kind)


def test_the_page_says_what_is_so() -> None:
    _, mark, said = PAGE.read_text().partition(MARK)
    assert mark
    assert said.strip() == tables().strip(), "run python -m tests.pairs.table"


def test_a_loss_would_be_seen() -> None:
    nothing = Feature("nothing", {})
    with pytest.raises(SilentlyLost):
        outcome(PAIRS[0], nothing, "anthropic")
