from collections.abc import Callable

import pytest

Complaints = Callable[[str], list[str]]

TEXT = "%sproviders: {a: {kind: echo}}\npricing: {models: {'a/*': {free: true}}}\nroutes:\n  r: {provider: a%s}\n"
ROOM = "one answer of {} bytes has no room in cache.memory_bytes, {}: raise that, or say less"
NOBODY = "warning: routes.r.cache: no caller has a key (there is no section auth): nothing is kept unless you say"


def found(complaints: Complaints, cache: str, top: str = "auth: {}\n") -> list[str]:
    return [line.split(": ", 1)[1] for line in complaints(TEXT % (top, f", cache: {cache}"))]


@pytest.mark.parametrize(
    ("largest", "room", "complaint"),
    [
        ("", "", None),
        (", max_bytes: 67108864", "", None),
        (", max_bytes: 67108865", "", (67108865, 67108864)),
        ("", "cache: {memory_bytes: 1048576}\n", None),
        ("", "cache: {memory_bytes: 1048575}\n", (1048576, 1048575)),
        (", max_bytes: 10", "cache: {memory_bytes: 10}\n", None),
        (", max_bytes: x", "cache: {memory_bytes: 10}\n", None),
        ("", "cache: {memory_bytes: x}\n", None),
        ("", "cache: 5\n", None),
    ],
)
def test_one_answer_has_room(
    complaints: Complaints, largest: str, room: str, complaint: tuple[int, int] | None
) -> None:
    lines = found(complaints, f"{{ttl: 5{largest}}}", f"auth: {{}}\n{room}")
    assert lines == ([] if complaint is None else [f"routes.r.cache.max_bytes: {ROOM.format(*complaint)}"])


def test_where_no_caller_has_a_key_answers_for_each_key_are_nobodys(complaints: Complaints) -> None:
    for said in ("{ttl: 5}", "{ttl: 5, scope: key}"):
        (line,) = found(complaints, said, "")
        assert line.startswith(NOBODY)
        assert found(complaints, said) == []
    assert found(complaints, "{ttl: 5, scope: shared}", "") == []


def test_what_has_another_shape_is_the_schemas_to_tell(complaints: Complaints) -> None:
    assert found(complaints, "5", "") == found(complaints, "[]", "") == []
