from decimal import Decimal

import msgspec

from tornado_gateway.reports.numbers import number


def test_amounts_are_numbers_with_all_their_digits() -> None:
    told = {"cost": number(Decimal("1.86E-3")), "none": number(None), "many": number(Decimal("1E+20"))}
    assert msgspec.json.encode(told) == b'{"cost":0.00186,"none":null,"many":100000000000000000000}'
