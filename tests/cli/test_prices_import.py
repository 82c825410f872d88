import stat
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tornado_gateway.__main__ import main
from tornado_gateway.cli import prices_import
from tornado_gateway.config.schema import packaged_default

TEXT = """\
# mine
version: 1
providers:
  echo: {kind: echo}
  openai: {kind: openai, api_key: sk-planted}
routes: {echo4: {provider: echo}} # all
pricing:
  unit: per_1k_tokens
  currency: USD
  models:
    echo/echo4: {free: true} # nothing
    openai/gpt-4-turbo: {input: 1.0e-2, output: 0.03}
    # the last word
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "gateway.yaml"
    path.write_text(TEXT)
    path.chmod(0o640)
    return path


def run(file: Path, *words: str) -> int:
    return main(["prices", "import", *words, "--config", str(file)])


def test_it_shows_what_it_would_write_and_writes_nothing(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(file, "gpt-4") == 0
    out = capsys.readouterr().out
    assert "openai/gpt-4, line 13: added\n  + openai/gpt-4: {input: 0.03, output: 0.06, source: genai-prices " in out
    assert "the list also has prices for what a row has no word for: batch jobs\n" in out
    assert f"{file}:13:5: warning: pricing.models.openai/gpt-4: no route leads to this price\n  --route adds " in out
    assert out.endswith("1 added: nothing is written yet, say --write\n")
    assert file.read_text() == TEXT


def test_it_writes_rows_and_every_other_byte_stays(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(file, "gpt-4", "openai/gpt-3.5-turbo", "--write", "--route") == 0
    rows = [line for line in file.read_text().splitlines(keepends=True) if "gpt-4:" in line or "gpt-3.5-turbo:" in line]
    day = (datetime.now(UTC).date() + timedelta(days=90)).isoformat()
    assert len(rows) == 3
    assert all(row.rstrip().endswith(f'review_by: "{day}"}}') for row in rows[1:])
    rest = file.read_text().replace(rows[1], "").replace(rows[2], "")
    assert rest.replace(", gpt-4: {provider: openai}, gpt-3.5-turbo: {provider: openai}", "") == TEXT
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    out = capsys.readouterr().out
    assert "route gpt-4 added\nroute gpt-3.5-turbo added\n" in out
    # gpt-4-turbo had no route before and is none of ours.
    assert "warning" not in out
    assert out.endswith(f"{file}: 2 added\n")
    assert main(["drift", "--config", str(file)]) == 0


def test_rows_that_are_there_are_updated_only_when_asked(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(file, "gpt-4-turbo", "--write") == 0
    assert "line 12: kept, left as it is: --update brings it up to date" in capsys.readouterr().out
    assert file.read_text() == TEXT
    assert run(file, "gpt-4-turbo", "--write", "--update") == 0
    # A price that is right keeps its own spelling.
    assert "{input: 1.0e-2, output: 0.03, source: genai-prices " in file.read_text()
    out = capsys.readouterr().out
    assert "  - openai/gpt-4-turbo: {input: 1.0e-2, output: 0.03}\n  + openai/gpt-4-turbo: {input: 1.0e-2, " in out


def test_what_is_shown_is_no_more_than_the_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is one line of JSON has its keys there, too."""
    path = tmp_path / "one.json"
    path.write_text(
        '{"version": 1, "providers": {"openai": {"kind": "openai", "api_key": "sk-planted"}}, "routes": {"gpt-4": '
        '{"provider": "openai"}}, "pricing": {"unit": "per_1k_tokens", "currency": "USD", "models": {}}}'
    )
    assert run(path, "gpt-4", "--write") == 0
    assert "sk-planted" not in "".join(capsys.readouterr())
    assert '"models": {"openai/gpt-4": {"input": 0.03, "output": 0.06, "source"' in path.read_text()


def test_a_file_that_only_lacks_the_price_is_mended(file: Path) -> None:
    file.write_text(TEXT.replace("echo4: {provider: echo}", "echo4: {provider: echo}, gpt-4: {provider: openai}"))
    assert main(["check", str(file)]) == 1
    assert run(file, "gpt-4", "--write") == 0
    assert main(["check", str(file)]) == 0


def test_a_result_that_would_be_refused_is_not_written(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = TEXT.replace("currency: USD", "currency: EUR")
    file.write_text(bad)
    assert run(file, "gpt-4", "--write") == 1
    err = capsys.readouterr().err
    assert "pricing.currency" in err
    assert err.endswith("nothing is written\n")
    assert file.read_text() == bad


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["gpt-4", "gpt-17"], "gpt-17: no provider of the file has such a model"),
        (["whisper-1"], "openai/whisper-1: priced by the hour of audio, which a row can't say"),
        (["gpt-4", "--provider", "opnai"], "opnai: no provider of the file with public prices is called so"),
    ],
)
def test_all_of_it_or_nothing(file: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(file, *words, "--write") == 1
    assert said in capsys.readouterr().err
    assert file.read_text() == TEXT


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"version: 1\nproviders: 5\n", ":2:12: providers: expected a mapping"),
        (b"a:\n\tb: 1\n", ":2:1: not YAML"),
        (b"a: \xff\n", ":1:4: not UTF-8"),
        (TEXT.replace("  models:\n", "  models: &m\n").encode().split(b"    echo/")[0], "pricing.models"),
    ],
)
def test_a_file_that_is_none(file: Path, content: bytes, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_bytes(content)
    assert run(file, "gpt-4", "--write", "--provider", "openai") == 1
    assert said in capsys.readouterr().err
    assert file.read_bytes() == content


def test_a_mark_and_carriage_returns_stay(file: Path) -> None:
    content = b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode()
    file.write_bytes(content)
    assert run(file, "gpt-4", "--write") == 0
    new = file.read_bytes()
    (row,) = [line for line in new.splitlines(keepends=True) if b"openai/gpt-4:" in line]
    assert row.endswith(b"\r\n")
    assert new.replace(row, b"") == content


def test_a_layout_that_can_not_be_kept_is_left_to_people(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Lines that end in a carriage return alone are YAML, and nowhere else lines."""
    content = (
        TEXT.replace("  currency: USD\n", "")
        .replace("    # the last word", "  currency: USD")
        .replace("\n", "\r")
        .encode()
    )
    file.write_bytes(content)
    assert main(["check", str(file)]) == 0
    capsys.readouterr()
    assert run(file, "gpt-4", "--write") == 1
    assert capsys.readouterr().err.endswith("nothing is written\n")
    assert file.read_bytes() == content


def test_a_link_leads_on_and_a_folder_that_can_not_be_written_says_so(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    link = file.parent / "link.yaml"
    link.symlink_to(file.name)
    assert run(link, "gpt-4", "--write") == 0
    assert link.is_symlink()
    assert "openai/gpt-4:" in file.read_text()

    def refused(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(prices_import, "replace_file", refused)
    assert run(link, "gpt-4.1", "--write") == 1
    assert f"can't write {link}: Read-only file system" in capsys.readouterr().err


def test_the_shipped_rows_are_what_the_command_writes(tmp_path: Path) -> None:
    """But for the day on which somebody is to look again."""
    path = tmp_path / "gateway.yaml"
    path.write_bytes(packaged_default().read_bytes())
    names = [line.strip().split(":")[0] for line in path.read_text().splitlines() if line.startswith("    xai/")]
    assert run(path, *names, "--write", "--update") == 0
    day = (datetime.now(UTC).date() + timedelta(days=90)).isoformat()
    old, new = packaged_default().read_text(), path.read_text()
    head, tail = old.split("    xai/", 1)
    rows, rest = tail.split("\n\n", 1)
    dated = "\n".join(line.replace("2027-05-31", day) for line in rows.splitlines())
    assert new == f"{head}    xai/{dated}\n\n{rest}"


def test_without_the_list_it_says_how_that_comes(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "genai_prices.data", None)
    assert run(file, "gpt-4") == 2
    assert "tornado-gateway[prices]" in capsys.readouterr().err
    assert list(file.parent.iterdir()) == [file]
