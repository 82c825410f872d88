from tornado_gateway.domain.remembered import Remembered


def test_one_more_than_fits_begins_it_anew() -> None:
    known: Remembered[str, int] = Remembered(2)
    assert known.keep("a", 1) == 1
    known.keep("b", 2)
    known.keep("a", 3)
    assert known == {"a": 3, "b": 2}, "a key that is there takes no room"
    assert known.keep("c", 4) == 4
    assert known == {"c": 4}
    assert known.get("a") is None
