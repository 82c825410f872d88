"""One deliberately broken file a kind of problem. ``# <- COLUMN | PATTERN`` marks the line where each is found."""

import re
from pathlib import Path

import pytest

from tornado_gateway.config.build import load
from tornado_gateway.config.problems import ConfigInvalid

FILES = sorted((Path(__file__).parent / "broken").glob("*.yaml"))
MARK = re.compile(r"# <- (\d+) \| (.*)$")


def test_there_are_at_least_thirty_kinds() -> None:
    assert len(FILES) >= 30


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_line_column_and_advice(file: Path) -> None:
    expected = [
        (number, int(mark[1]), mark[2])
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if (mark := MARK.search(line))
    ]
    assert expected, "the file says nowhere what is wrong with it"
    with pytest.raises(ConfigInvalid) as refused:
        load(file, {})
    found = [(p.position.line, p.position.column, str(p)) for p in refused.value.problems]
    assert [(line, column) for line, column, _ in found] == [(line, column) for line, column, _ in expected], found
    for (line, column, text), (_, _, pattern) in zip(found, expected, strict=True):
        assert text.startswith(f"{file}:{line}:{column}: ")
        assert re.search(pattern, text), text
        assert "sk-planted" not in text
