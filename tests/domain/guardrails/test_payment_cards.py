import random
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.guarding import ENGINE, found
from tornado_gateway.domain.guardrails.matching import Checked
from tornado_gateway.domain.guardrails.payment_cards import CANDIDATE, cards_in, is_card, passes_luhn

CARDS = Checked(ENGINE.compile(CANDIDATE, 128), cards_in, again=False)
KNOWN = [
    "4111111111111111",
    "4012888888881881",
    "4222222222222",
    "5555555555554444",
    "2223003122003222",
    "378282246310005",
    "371449635398431",
    "30569309025904",
    "38520000023237",
    "6011111111111117",
    "3530111333300000",
    "6200000000000005",
    "6759649826438453",
]


@pytest.mark.parametrize("number", KNOWN)
def test_numbers_that_networks_give_out_for_tests(number: str) -> None:
    assert is_card(number)
    assert found(CARDS, f"pay with {number}, please") == [number]
    assert found(CARDS, f"{number[:4]}-{number[4:8]}-{number[8:]}") == [f"{number[:4]}-{number[4:8]}-{number[8:]}"]
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
    assert not is_card(wrong)


@pytest.mark.parametrize(
    ("text", "cards"),
    [
        ("1 4111 1111 1111 1111 12/27", ["4111 1111 1111 1111"]),
        ("4111 1111 1111 1111 5555 5555 5555 4444", ["4111 1111 1111 1111", "5555 5555 5555 4444"]),
        ("4111\u00a01111\u00a01111\u00a01111", ["4111\u00a01111\u00a01111\u00a01111"]),
        ("41111111111111111111111111", []),
        ("0000000000000000", []),
        ("9999 9999 9999 9995", []),
        ("order 1234567890123456", []),
    ],
)
def test_in_texts(text: str, cards: list[str]) -> None:
    assert found(CARDS, text) == cards


def luhn(digits: str) -> int:
    """Told another way: by a table of doubled digits."""
    table = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
    return reduce(lambda total, pair: total + pair, (int(d) for d in digits[-1::-2]), 0) + sum(
        table[int(d)] for d in digits[-2::-2]
    )


@given(st.text("0123456789", min_size=1, max_size=24))
def test_the_check_digit(digits: str) -> None:
    assert passes_luhn(digits) == (luhn(digits) % 10 == 0)


@given(st.integers(0, 10**14 - 1))
def test_one_of_ten_last_digits_is_right_and_one_wrong_digit_is_seen(middle: int) -> None:
    body = f"4{middle:014d}"
    right = [body + str(last) for last in range(10) if passes_luhn(body + str(last))]
    assert len(right) == 1
    place = random.Random(middle).randrange(15)
    other = right[0][:place] + str((int(right[0][place]) + 1) % 10) + right[0][place + 1 :]
    assert not passes_luhn(other)


def test_a_decimal_fraction_is_no_card() -> None:
    generator = random.Random(7)
    assert [found(CARDS, repr(generator.random())) for _ in range(2000)] == [[]] * 2000
    assert found(CARDS, "12.4111111111111111 4111111111111111, 2.4111 1111 1111 1111") == [
        "4111111111111111",
        "4111 1111 1111 1111",
    ]
