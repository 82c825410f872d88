from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tornado_gateway.cli.litellm.document import is_reference, positive, said, variable, word
from tornado_gateway.config.problems import ConfigInvalid

from .conftest import Opened

Open = Callable[[str], Opened]


def test_what_nobody_takes_is_told_of_with_its_place(opened: Open) -> None:
    file = opened("a: 1\nb:\n  c: 2\n  d: 3\n")
    assert file.part.take("a") == 1
    inner = file.part.part("b")
    assert inner.take("c") == 2
    inner.leave()
    file.part.leave()
    assert file.said == ["4:3: b.d: has no counterpart"]


def test_what_is_not_there_is_empty(opened: Open) -> None:
    part = opened("a: text\nlist: [{x: 1}, 2]\n").part
    assert list(part.part("a").members()) == []
    assert part.part("b").take("c") is None
    assert part.parts("a") == []
    assert [each.take("x") for each in part.parts("list")] == [1, None]


def test_a_list_s_entry_is_told_of_by_its_place(opened: Open) -> None:
    file = opened("list:\n  - {x: 1}\n  - {y: 2}\n")
    file.part.parts("list")[1].note("odd", "y")
    assert file.said == ["3:6: list[1].y: odd"]


def test_a_dollar_is_a_dollar(opened: Open) -> None:
    assert opened("a: ${HOME}$").part.take("a") == "${HOME}$"


def test_no_yaml_is_refused(opened: Open) -> None:
    with pytest.raises(ConfigInvalid):
        opened("a: [")


def test_references() -> None:
    assert is_reference("os.environ/KEY")
    assert not is_reference("sk-1")
    assert not is_reference(None)
    assert variable("os.environ/KEY ") == "KEY"
    assert said("os.environ/KEY") == "${KEY}"
    assert said("a$b") == "a$$b"
    assert word("openai-2") == "OPENAI_2"


@pytest.mark.parametrize(
    ("value", "is_positive"), [(1, True), (Decimal("0.5"), True), (0, False), (-1, False), (True, False), ("1", False)]
)
def test_positive(value: Any, is_positive: bool) -> None:
    assert positive(value) is is_positive
