from tornado_gateway.config.problems import ConfigInvalid, Position, Problem


def test_a_problem_reads_as_compilers_write_them() -> None:
    problem = Problem("gateway.yaml", Position(3, 7), ("routes", "a b", "targets", 1, "provider"), "no")
    assert str(problem) == "gateway.yaml:3:7: routes.a b.targets[1].provider: no"
    assert str(Problem("f", Position(1, 1), (), "no")) == "f:1:1: no"
    assert str(Problem("f", Position(1, 1), ("a",), "no", "warning")) == "f:1:1: warning: a: no"


def test_all_problems_come_in_the_files_order() -> None:
    late, early = Problem("f", Position(9, 1), (), "late"), Problem("f", Position(2, 5), (), "early")
    assert str(ConfigInvalid([late, early])) == "f:2:5: early\nf:9:1: late"


def test_a_problem_as_json_has_it() -> None:
    assert Problem("f", Position(3, 4), ("a", 0, "b"), "is odd", "warning").document() == {
        "line": 3,
        "column": 4,
        "path": "a[0].b",
        "message": "is odd",
        "severity": "warning",
    }
