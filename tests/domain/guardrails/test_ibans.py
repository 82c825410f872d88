import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.guarding import ENGINE, found
from tornado_gateway.domain.guardrails.ibans import CANDIDATE, LENGTHS, ibans_in, is_iban
from tornado_gateway.domain.guardrails.matching import Checked

IBANS = Checked(ENGINE.compile(CANDIDATE, 80), ibans_in, again=True)
KNOWN = [
    "DE89370400440532013000",
    "GB29NWBK60161331926819",
    "FR1420041010050500013M02606",
    "NL91ABNA0417164300",
    "CH9300762011623852957",
    "NO9386011117947",
    "MT84MALT011000012345MTLCAST001S",
    "BR1800360305000010009795493C1",
    "SA0380000000608010167519",
]


def in_fours(number: str) -> str:
    return " ".join(number[at : at + 4] for at in range(0, len(number), 4))


@pytest.mark.parametrize("number", KNOWN)
def test_examples_of_the_registry(number: str) -> None:
    assert is_iban(number)
    assert found(IBANS, f"to {number}.") == [number]
    assert found(IBANS, f"to {in_fours(number)} by Friday") == [in_fours(number)]
    assert found(IBANS, number.lower()) == [number.lower()]


@pytest.mark.parametrize(
    "text", ["DE88370400440532013000", "XX89370400440532013000", "DE8937040044053201300", "AB12 CD"]
)
def test_what_is_none(text: str) -> None:
    assert found(IBANS, text) == []


def test_one_behind_what_looked_like_one() -> None:
    assert found(IBANS, f"AB12 CDEF {in_fours(KNOWN[0])}") == [in_fours(KNOWN[0])]


@given(st.sampled_from(KNOWN), st.data())
def test_a_wrong_digit_is_seen(number: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(2, len(number) - 1))
    other = data.draw(st.sampled_from("0123456789").filter(lambda digit: digit != number[place]))
    if number[place].isdigit():
        assert not is_iban(number[:place] + other + number[place + 1 :])


@given(st.sampled_from(sorted(LENGTHS)), st.data())
def test_the_check_digits_that_are_worked_out_are_right(country: str, data: st.DataObject) -> None:
    rest = data.draw(st.text("0123456789", min_size=LENGTHS[country] - 4, max_size=LENGTHS[country] - 4))
    number = int("".join(str(int(each, 36)) for each in rest + country + "00"))
    assert is_iban(f"{country}{98 - number % 97:02d}{rest}")
