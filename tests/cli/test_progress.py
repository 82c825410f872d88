import io
import sys

import pytest

from tornado_gateway.cli.progress import busy, counted


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_without_a_terminal_nothing_is_shown_nor_counted(capsys: pytest.CaptureFixture[str]) -> None:
    def never() -> int:
        raise AssertionError("nobody sees the total")

    assert list(counted(range(3), never, "rows")) == [0, 1, 2]
    with busy("adding up"):
        pass
    assert capsys.readouterr() == ("", "")


def test_a_terminal_shows_how_far_it_is(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    assert sum(counted(range(2500), lambda: 2500, "pricing rows")) == sum(range(2500))
    assert "pricing rows" in terminal.getvalue()
    assert "/2500" in terminal.getvalue()
    assert capsys.readouterr().out == ""


def test_a_terminal_is_told_of_work_without_an_end_in_sight(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with busy("adding up"):
        pass
    assert "adding up" in terminal.getvalue()
