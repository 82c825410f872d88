from decimal import Decimal

from tornado_gateway.admin.documents import problem_at_the_beginning, problem_of, told
from tornado_gateway.cli.documents import number
from tornado_gateway.config.problems import Position, Problem


def test_amounts_keep_their_digits() -> None:
    made = told({"cost": number(Decimal("0.00186"))}, 201, {"ETag": '"a"'})
    assert (made.document, made.status, made.headers) == (b'{"cost":0.00186}', 201, (("ETag", '"a"'),))


def test_problems() -> None:
    assert problem_of(Problem("f", Position(3, 4), ("a", 0, "b"), "is odd", "warning")) == {
        "line": 3,
        "column": 4,
        "path": "a[0].b",
        "message": "is odd",
        "severity": "warning",
    }
    assert problem_at_the_beginning("not UTF-8")["line"] == 1
