from collections.abc import Callable

import pytest

from tornado_gateway.domain.keys import hash_of

Complaints = Callable[[str], list[str]]
LONG = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize("section", ["{}", "5", "{token: 5}", "{token: ''}", f"{{token: {LONG}, write: true}}"])
def test_nothing_to_say(complaints: Complaints, section: str) -> None:
    assert complaints(f"admin: {section}") == []


def test_a_short_one_is_warned_of(complaints: Complaints) -> None:
    (line,) = complaints("admin: {token: planted}")
    assert line.startswith("f:1:16: warning: admin.token: is short enough to be guessed")
    assert "planted" not in line


def test_writing_without_a_token(complaints: Complaints) -> None:
    (line,) = complaints("admin: {write: true}")
    assert line.startswith("f:1:16: warning: admin.write: nobody may write")


@pytest.mark.parametrize("token", ["a b", "tökentökentökentöken"])
def test_what_no_header_holds(complaints: Complaints, token: str) -> None:
    (line,) = complaints(f"admin: {{token: '{token}'}}")
    assert line == "f:1:16: admin.token: can't be sent in a header: visible ASCII alone, without blanks"


def test_a_gateway_key_is_no_admin_token(complaints: Complaints) -> None:
    keys = f"auth: {{required: true, keys: [{{id: a, sha256: {hash_of(LONG).upper()}}}, 5]}}"
    lines = complaints(f"admin: {{token: {LONG}}}\n{keys}")
    assert any(line.startswith("f:1:16: admin.token: is a gateway key too") for line in lines)
    assert not any(LONG in line for line in lines)
