from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tornado_gateway.config.source import read
from tornado_gateway.pricelist.wording import WIDTH, block, broken, flow, key

NUMBERS = st.decimals(0, 1000, places=9) | st.integers(0, 10**9)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="$", exclude_categories=["Cc", "Cs"]), max_size=20)
LEAVES = NUMBERS | st.booleans() | TEXTS
CARDS = st.dictionaries(
    st.from_regex(r"[a-z_]{1,12}", fullmatch=True),
    LEAVES | st.dictionaries(st.from_regex(r"[a-z]{1,5}", fullmatch=True), LEAVES, min_size=1, max_size=3),
    min_size=1,
    max_size=12,
)
TIERS = st.lists(
    st.dictionaries(st.from_regex(r"[a-z]{1,12}", fullmatch=True), NUMBERS, min_size=1), min_size=1, max_size=3
)


def said(text: str) -> Any:
    source = read(text, "f", {})
    assert source.problems == []
    return source.value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("0.00001"), "0.00001"),
        (Decimal("1E+2"), "100"),
        (Decimal("0.0100"), "0.01"),
        (True, "true"),
        ("genai-prices 0.2.3", "genai-prices 0.2.3"),
        ("2027-05-31", '"2027-05-31"'),
        ("true", '"true"'),
        ("a: b", '"a: b"'),
        ("", '""'),
        ({"a": [1, {"b": "c"}]}, "{a: [1, {b: c}]}"),
    ],
)
def test_values_as_people_write_them(value: Any, text: str) -> None:
    assert flow(value) == text


def test_a_file_that_is_json_stays_json() -> None:
    assert flow({"a": "b", "c": [True, Decimal("0.1")]}, quoted=True) == '{"a": "b", "c": [true, 0.1]}'


@pytest.mark.parametrize(
    ("text", "written"), [("openai/gpt-4.1", "openai/gpt-4.1"), ("a:b", '"a:b"'), ("x y", '"x y"')]
)
def test_keys(text: str, written: str) -> None:
    assert key(text) == written


@settings(max_examples=40)
@given(CARDS, TIERS, st.integers(0, 60))
def test_whatever_is_written_is_read_as_what_it_was(card: dict[str, Any], tiers: list[Any], indent: int) -> None:
    value = {**card, "tiers": tiers}
    assert said(flow(value)) == value
    assert said(flow(value, quoted=True)) == value
    assert said(f"{' ' * indent}{broken(value, indent)}") == value
    assert said(f"{' ' * indent}{block(value, indent)}") == value
    assert said(f"{' ' * indent}{block([value, value], indent)}") == [value, value]


def test_a_long_card_is_broken_where_it_is_read() -> None:
    tier = {"above": 272000, "input": Decimal("0.004"), "output": Decimal("0.015"), "cached_input": Decimal("0.0002")}
    card = {"input": Decimal("0.002"), "output": Decimal("0.01"), "tiers": [tier, {**tier, "above": 400000}]}
    card |= {"batch": Decimal("0.5"), "source": "a list", "review_by": "2027-05-31"}
    assert broken(card, 6) == (
        "{input: 0.002, output: 0.01,\n"
        "       tiers: [{above: 272000, input: 0.004, output: 0.015, cached_input: 0.0002},\n"
        "               {above: 400000, input: 0.004, output: 0.015, cached_input: 0.0002}],\n"
        "       batch: 0.5,\n"
        '       source: a list, review_by: "2027-05-31"}'
    )
    many = {f"key_{number}": number for number in range(40)}
    lines = f"      {broken(many, 6)}".splitlines()
    assert len(lines) > 3
    assert all(len(line) <= WIDTH for line in lines)
