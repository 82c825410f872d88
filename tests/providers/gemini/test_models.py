import pytest

from tornado_gateway.providers.gemini.models import path, resource, version


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("gemini-1.5-flash", (1, 5)),
        ("gemini-2.0-flash-exp", (2, 0)),
        ("models/gemini-2.5-pro", (2, 5)),
        ("gemini-2.5-flash-lite-preview-09-2025", (2, 5)),
        ("gemini-3-pro-preview", (3, 0)),
        ("gemini-3.1-flash-lite", (3, 1)),
        ("gemini-flash-latest", (99, 0)),
        ("tunedModels/mine", (99, 0)),
        ("gemma-3-27b-it", (0, 0)),
    ],
)
def test_a_version_is_read_from_the_name(model: str, expected: tuple[int, int]) -> None:
    assert version(model) == expected


def test_names_may_come_with_their_collection() -> None:
    assert resource("gemini-2.5-pro") == "models/gemini-2.5-pro"
    assert resource("models/gemini-2.5-pro") == "models/gemini-2.5-pro"
    assert resource("tunedModels/mine-1") == "tunedModels/mine-1"


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("gemini-2.5-pro", "models/gemini-2.5-pro"),
        ("tunedModels/mine", "tunedModels/mine"),
        ("../files/x?key=y#z", "models/..%2Ffiles%2Fx%3Fkey%3Dy%23z"),
        ("models/../x", "models/..%2Fx"),
        ("a:b c", "models/a%3Ab%20c"),
        ("other/x", "models/other%2Fx"),
    ],
)
def test_no_name_leads_out_of_its_path(model: str, expected: str) -> None:
    assert path(model) == expected
