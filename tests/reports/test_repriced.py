from decimal import Decimal

from tornado_gateway.domain.prices import PriceTable
from tornado_gateway.domain.repricing import Repriced, Repricing
from tornado_gateway.reports.repriced import as_document, entry


def part(old: str, new: str, **members: int) -> Repriced:
    return Repriced(requests=members.pop("requests", 1), old=Decimal(old), new=Decimal(new), **members)


def test_json() -> None:
    made = Repricing(PriceTable(), ["model", "key"])
    made.groups = {("a/y", "k"): part("1", "2"), ("a/x", None): part("3", "1"), ("a/x", "k"): part("1", "1")}
    by_key = as_document(made, ["key"], [1])
    assert [(each["group"], bytes(each["old"]), bytes(each["difference"])) for each in by_key["groups"]] == [
        ({"key": None}, b"3", b"-2"),
        ({"key": "k"}, b"2", b"1"),
    ]
    assert [each["group"]["model"] for each in as_document(made, ["model", "key"])["groups"]] == ["a/x", "a/x", "a/y"]
    assert set(entry(Repriced())) == {
        "requests",
        "old",
        "new",
        "difference",
        "abandoned",
        "first_priced",
        "cached",
        "images_unknown",
        "left_out",
    }
