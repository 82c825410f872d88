import pytest

from tests.guarding import ENGINE, found
from tornado_gateway.domain.guardrails.matching import Checked
from tornado_gateway.domain.guardrails.phones import CANDIDATE, phones_in

PHONES = Checked(ENGINE.compile(CANDIDATE, 64), phones_in, again=True)


@pytest.mark.parametrize(
    "number",
    [
        "+4930901820",
        "+49 30 901820",
        "+49 (0)30 901820",
        "+1 212 555 0199",
        "+1 (212) 555-0199",
        "+44 20 7946 0958",
        "+33 1 23 45 67 89",
        "+86 138 1234 5678",
        "0049 30 901820",
        "(212) 555-0199",
        "212-555-0199",
        "1-212-555-0199",
        "212.555.0199",
        "212 555 0199",
        "(030) 901820 45",
        "030/90182045",
        "020 7946 0958",
        "06 12 34 56 78",
        "0151 23456789",
    ],
)
def test_numbers(number: str) -> None:
    assert found(PHONES, f"call {number}, or write") == [number]
    assert found(PHONES, number) == [number]


@pytest.mark.parametrize(
    "text",
    [
        "2024-01-15 10:30:00",
        "2024-01-15T10:30:00Z",
        "01.02.2024 10:30",
        "01-02-2024 10",
        "01/02/2024",
        "10.000.000 and 3.14159265358979",
        "192.168.100.200",
        "v1.22.333.4444",
        "1234567890",
        "order 4111111111",
        "123-45-6789",
        "2024 2025 2026",
        "+0 123456789",
        "+11 111 1111",
        "1 + 2 = 3",
        "ISBN 978-3-16-148410-0",
        "00000000-0000-0000-0000-000000000000",
    ],
)
def test_what_is_none(text: str) -> None:
    assert found(PHONES, text) == []
