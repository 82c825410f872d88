from collections.abc import Callable

import pytest

Complaints = Callable[[str], list[str]]


@pytest.mark.parametrize("url", ["none", "sqlite:///usage.db", "postgresql://me:%40@db/usage?sslmode=require", ""])
def test_places(complaints: Complaints, url: str) -> None:
    assert complaints(f"ledger: {{url: '{url}'}}") == []


def test_a_place_that_is_none_is_said_without_its_password(complaints: Complaints) -> None:
    (line,) = complaints("ledger: {url: 'postgresql://me:sk-planted#@db/usage'}")
    assert line == "f:1:15: ledger.url: holds a #: in a password, write it as %23"


def test_other_shapes_are_the_schemas_affair(complaints: Complaints) -> None:
    assert complaints("ledger: 5") == complaints("ledger: {url: 5}") == complaints("ledger: {}") == []
