import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tests.cli.conftest import Past, today

CHANGES = [
    "route small: targets a/small -> b/tiny",
    "route gone removed",
    "price of a/big: input 0.03 -> 0.02",
    "price of a/gone removed",
]


def test_changes_and_their_effect(past: Past) -> None:
    past.add()
    past.add(key="team-b")
    past.add("small")
    past.add("gone")
    past.add(finished_at=today() - timedelta(days=31), cost=Decimal(1000))
    code, out, err = past.run("diff", past.old, past.new)
    lines = out.splitlines()
    assert (code, err) == (0, "")
    assert lines[0].startswith(f"{past.old} (revision ")
    assert [line.strip() for line in lines[1:5]] == CHANGES
    assert lines[6].startswith("calls since ")
    rows = [line.split() for line in lines]
    assert ["a/big", "2", "0.18", "0.16", "-0.02", "-11.1", "%"] in rows
    assert ["team-b", "1", "0.09", "0.08", "-0.01", "-11.1", "%"] in rows
    assert ["small", "a/small", "b/tiny", "1", "0.003", "0.0015", "-50.0", "%"] in rows
    assert ["gone", "1", "0.02"] in rows
    assert lines[-1] == "both together: 0.183 USD then, about 0.1615 USD now: -0.0215 USD"


def test_json(past: Past) -> None:
    past.add()
    past.add("small", finished_at=today() - timedelta(days=3))
    code, out, _ = past.run("diff", past.old, past.new, "--days", "2", "--format", "json")
    document = json.loads(out, parse_float=Decimal)
    assert code == 0
    assert document["changes"] == CHANGES
    assert document["old"]["file"] == str(past.old)
    assert document["new"]["revision"] != document["old"]["revision"]
    assert document["effect"]["served"] == {
        "old": Decimal("0.09"),
        "new": Decimal("0.08"),
        "difference": Decimal("-0.01"),
    }
    assert document["no_effect"] is None


def test_nothing_changes(past: Past) -> None:
    past.add()
    code, out, _ = past.run("diff", past.old, past.old)
    assert code == 0
    assert "\n  nothing changes in meaning\n" in out
    assert "0.09 USD then, 0.09 USD at the new prices: 0 USD" in out


def test_the_files_alone(past: Past) -> None:
    code, out, err = past.run("diff", past.old, past.new, "--no-ledger")
    assert (code, err) == (0, "")
    assert len(out.splitlines()) == 5
    document = json.loads(past.run("diff", past.old, past.new, "--no-ledger", "--format", "json")[1])
    assert (document["effect"], document["no_effect"]) == (None, None)


@pytest.mark.parametrize(
    ("ledger", "message"),
    [
        ("sqlite:///{here}/usage.db", "does not exist"),
        ("none", "keeps no ledger"),
        ("sqlite:///{here}", "unable to open"),
    ],
)
def test_without_a_ledger_the_files_are_compared_all_the_same(
    past: Past, tmp_path: Path, ledger: str, message: str
) -> None:
    text = past.old.read_text()
    past.old.write_text(text.replace(f"sqlite:///{tmp_path}/usage.db", ledger.format(here=tmp_path)))
    code, out, err = past.run("diff", past.old, past.new)
    assert code == 0
    assert "price of a/big: input 0.03 -> 0.02" in out
    assert err.startswith("\nno effect in USD can be told: ")
    assert message in err
    document = json.loads(past.run("diff", past.old, past.new, "--format", "json")[1])
    assert message in document["no_effect"]


def test_the_ledger_of_a_third_file_and_what_needs_a_restart(past: Past, tmp_path: Path) -> None:
    past.add()
    bare, later = tmp_path / "bare.yaml", tmp_path / "later.yaml"
    bare.write_text(past.old.read_text().replace("usage.db", "none.db"))
    later.write_text(bare.read_text() + "server: {port: 9}\n")
    code, out, _ = past.run("diff", bare, later, "--ledger-from", past.old)
    assert code == 0
    assert "\n  server.port: 8080 -> 9\n  server.port needs a restart\n" in out
    assert "0.09 USD then, 0.09 USD at the new prices: 0 USD" in out


def test_all_problems_of_all_files(past: Past, tmp_path: Path) -> None:
    bad, worse = tmp_path / "bad.yaml", tmp_path / "worse.yaml"
    bad.write_text("version: 2\n")
    worse.write_text("version: [\n")
    code, out, err = past.run("diff", bad, worse)
    assert (code, out) == (1, "")
    assert f"{bad}:1:10: version:" in err
    assert f"{worse}:" in err
    assert past.run("diff", past.old, bad)[0] == past.run("diff", bad, past.old)[0] == 1


@pytest.mark.parametrize(
    "words", [["a.yaml"], ["a.yaml", "b.yaml", "--days", "0"], ["a.yaml", "b.yaml", "--days", "x"]]
)
def test_usage(words: list[str], past: Past) -> None:
    with pytest.raises(SystemExit) as ended:
        past.run("diff", *words)
    assert ended.value.code == 2


def test_eighty_columns(past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    past.add(key="a-team-whose-name-is-longer-than-all-other-names-of-teams-that-there-are-or-were-ever")
    past.add("small", requested_model="small", cost=Decimal("12345.678"))
    _, out, _ = past.run("diff", past.old, past.new)
    table = out.splitlines()[8:]
    assert max(map(len, table)) <= 80
