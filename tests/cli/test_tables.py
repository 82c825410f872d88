import sys

import pytest

from tornado_gateway.cli.tables import Column, draws, print_table, printable

COLUMNS = (Column("Model"), Column("Requests", number=True), Column("Cost USD", number=True))
ROWS = (("openai/gpt-4-turbo-2024-04-09", "12,345", "~1,234.57"), ("echo/[bold]", "1", "0"))


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


@pytest.fixture(autouse=True)
def no_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)


def test_a_pipe_gets_whole_lines_without_colours(capsys: pytest.CaptureFixture[str]) -> None:
    long = "m" * 300
    print_table(COLUMNS, [*ROWS, (long, "2", "3.50")], title="Spend", total=("total", "12,348", "~1,238.07"))
    shown = lines(capsys)
    assert shown[0] == "Spend"
    assert shown[1] == f"{'Model':300}  Requests   Cost USD"
    assert set(shown[2]) == {"─"}
    assert shown[3] == f"{'openai/gpt-4-turbo-2024-04-09':300}    12,345  ~1,234.57"
    assert shown[4] == f"{'echo/[bold]':300}         1          0"
    assert shown[5] == f"{long}         2       3.50"
    assert shown[7] == f"{'total':300}    12,348  ~1,238.07"


@pytest.mark.parametrize("width", [80, 40])
def test_names_are_broken_before_figures_are(
    width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    print_table(COLUMNS, ROWS)
    shown = lines(capsys)
    assert max(map(len, shown)) <= width
    assert shown[2].endswith("12,345  ~1,234.57")


def test_a_terminal_that_is_far_too_narrow_breaks_lines_and_loses_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    print_table(COLUMNS, ROWS)
    assert any(line.endswith("12,345  ~1,234.57") for line in lines(capsys))


def test_an_output_without_unicode_gets_rules_of_ascii(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rich.console.Console.encoding", "ascii")
    print_table(COLUMNS, ROWS)
    assert set(lines(capsys)[1]) == {"-"}
    assert not draws(type("Output", (), {"encoding": "iso8859-1"})())  # type: ignore[arg-type]


def test_what_would_move_the_cursor_is_written_out() -> None:
    assert printable("ünï/c✓de") == "ünï/c✓de"
    assert printable("a\x1b[2Jb\nc") == "a\\x1b[2Jb\\nc"


def test_rich_is_not_loaded_with_the_module() -> None:
    import subprocess

    code = "import sys, tornado_gateway.cli.tables; sys.exit('rich' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
