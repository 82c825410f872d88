from decimal import Decimal

from tornado_gateway.admin.documents import problem_at_the_beginning, told
from tornado_gateway.config.problems import Position, Problem
from tornado_gateway.reports.numbers import number


def test_amounts_keep_their_digits() -> None:
    made = told({"cost": number(Decimal("0.00186"))}, 201, {"ETag": '"a"'})
    assert (made.document, made.status, made.headers) == (b'{"cost":0.00186}', 201, (("ETag", '"a"'),))


def test_a_problem_of_the_whole_file_is_like_any_other() -> None:
    made = problem_at_the_beginning("not UTF-8")
    assert made["line"] == 1
    assert made.keys() == Problem("f", Position(3, 4), ("a",), "is odd").document().keys()
