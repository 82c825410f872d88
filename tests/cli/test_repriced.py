from decimal import Decimal

import pytest

from tornado_gateway.cli.repriced import notes, sentence, show
from tornado_gateway.domain.repricing import Repriced


def part(old: str, new: str, **members: int) -> Repriced:
    return Repriced(requests=members.pop("requests", 1), old=Decimal(old), new=Decimal(new), **members)


def test_the_greatest_change_comes_first_and_the_rest_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    groups = {
        ("a/little",): part("1", "1.1"),
        ("a/none",): Repriced(unpriced=3),
        ("a/cheaper",): part("10", "8"),
        ("a/dearer",): part("2", "3"),
    }
    show(["model"], groups, part("13", "12.1", requests=3), top=2, title="Title")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Title"
    assert [line.split() for line in lines[3:6]] == [
        ["a/cheaper", "1", "10.00", "8.00", "-2.00", "-20.0", "%"],
        ["a/dearer", "1", "2.00", "3.00", "+1.00", "+50.0", "%"],
        ["(2", "more)", "1", "1.00", "1.10", "+0.10", "+10.0", "%"],
    ]
    assert lines[-1].split() == ["total", "3", "13.00", "12.10", "-0.90", "-6.9", "%"]


def test_days_in_their_order_and_nothing_where_nothing_is_priced(capsys: pytest.CaptureFixture[str]) -> None:
    groups = {("2026-01-02",): part("1", "5"), ("2026-01-01",): Repriced(unused=1)}
    show(["day"], groups, part("1", "5"))
    assert [line.split() for line in capsys.readouterr().out.splitlines()[2:4]] == [
        ["2026-01-01", "0"],
        ["2026-01-02", "1", "1.00", "5.00", "+4.00", "+400.0", "%"],
    ]


def test_what_had_no_price_then_is_no_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    show(["model"], {("a/x",): part("0", "5", first_priced=1)}, part("0", "5", first_priced=1))
    assert capsys.readouterr().out.splitlines()[2].split() == ["a/x", "1", "unknown", "5.00", "+5.00"]


def test_the_sums_with_every_digit() -> None:
    assert sentence(part("1234.5", "1234.500000001")) == (
        "1,234.5 USD then, 1,234.500000001 USD at the new prices: +0.000000001 USD"
    )
    assert sentence(part("2", "1.5")).endswith(": -0.5 USD")


def test_everything_that_is_to_be_known_of_the_sums() -> None:
    total = Repriced(
        requests=9, abandoned=1, first_priced=2, first_cost=Decimal("0.4"), cached=3, saved_old=Decimal(1),
        saved_new=Decimal(2), images_unknown=4, unused=1, unpriced=21, left_out=Decimal("7.5"),
    )  # fmt: skip
    unpriced = {f"a/m{number}": number for number in range(1, 7)}
    assert list(notes(total, unpriced)) == [
        "left out: 21 calls without a price in the new file: a/m6 (6), a/m5 (5), a/m4 (4), a/m3 (3), a/m2 (2) "
        "and 1 more models",
        "left out: 1 call without usage, which failed before anything was used",
        "what is left out cost 7.5 USD then",
        "2 calls had no price then: 0.4 USD of the new sum",
        "1 call beside the requests: the slower one of two tries at once, or a mirror's copy",
        "3 calls answered from the cache, at no cost: it saved 1 USD then, 2 USD at the new prices",
        "4 calls may have made images, which have a price now and were not counted then",
    ]
    assert list(notes(part("1", "1"), {})) == []
