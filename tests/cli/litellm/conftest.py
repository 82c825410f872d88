"""A file of LiteLLM's, opened."""

from collections.abc import Callable

import pytest

from tornado_gateway.cli.litellm.document import Part, open_document
from tornado_gateway.config.problems import Problem


class Opened:
    """``part`` is the whole file, ``notes`` what was said of it."""

    def __init__(self, text: str) -> None:
        self.notes: list[Problem] = []
        self.part: Part = open_document(text, "config.yaml", self.notes)

    @property
    def said(self) -> list[str]:
        return [str(note).removeprefix("config.yaml:") for note in self.notes]


@pytest.fixture
def opened() -> Callable[[str], Opened]:
    return Opened
