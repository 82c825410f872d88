import json
import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tests.cli.conftest import Past, today
from tornado_gateway.domain.usage import TokenUsage


def test_what_past_calls_would_have_cost(past: Past) -> None:
    past.add()
    past.add(key="team-b")
    past.add("small")
    past.add("gone")
    past.add(status=502, usage=None, cost=None)
    code, out, err = past.run("reprice", "--config", past.new)
    lines = out.splitlines()
    assert (code, err) == (0, "")
    assert re.search(r"usage\.db, under .*new\.yaml \(revision [0-9a-f]{12}\)$", lines[0])
    assert [line.split() for line in lines[4:7]] == [
        ["a/big", "2", "0.18", "0.16", "-0.02", "-11.1", "%"],
        ["a/small", "1", "0.003", "0.003", "0", "0", "%"],
        ["a/gone", "0"],
    ]
    assert lines[10:] == [
        "0.183 USD then, 0.163 USD at the new prices: -0.02 USD",
        "- left out: 1 call without a price in the new file: a/gone (1)",
        "- left out: 1 call without usage, which failed before anything was used",
        "- what is left out cost 0.02 USD then",
    ]


def test_under_its_own_file_the_past_costs_what_it_did(past: Past) -> None:
    for usage in (TokenUsage(1, 2), TokenUsage(3, 5, cached_input=7, reasoning=11)):
        cost = Decimal(usage.prompt_tokens) * Decimal("0.00003") + Decimal(usage.completion_tokens) * Decimal("0.00006")
        past.add(usage=usage, cost=cost)
    code, out, _ = past.run("reprice", "--config", past.old, "--format", "json")
    total = json.loads(out, parse_float=Decimal)["total"]
    assert code == 0
    assert (total["requests"], total["old"], total["difference"]) == (2, Decimal("0.00141"), 0)


def test_json_by_key_and_tag_over_a_period_from_anothers_ledger(past: Past, tmp_path: Path) -> None:
    past.add(tags={"team": "x"})
    past.add("gone", finished_at=today() - timedelta(days=40))
    elsewhere = tmp_path / "elsewhere.yaml"
    elsewhere.write_text(past.new.read_text().replace("usage.db", "other.db"))
    words = ("reprice", "--config", elsewhere, "--by", "key", "--by", "tag:team", "--format", "json")
    code, out, err = past.run(*words)
    assert (code, out) == (1, "")
    assert "other.db does not exist" in err
    code, out, _ = past.run(*words, "--ledger-from", past.old, "--since", "90d")
    document = json.loads(out, parse_float=Decimal)
    assert code == 0
    assert document["by"] == ["key", "tag:team"]
    assert [(each["group"], each["requests"], each["new"]) for each in document["groups"]] == [
        ({"key": "team-a", "tag:team": None}, 0, 0),
        ({"key": "team-a", "tag:team": "x"}, 1, Decimal("0.08")),
    ]
    assert document["total"]["left_out"] == {"unused": 0, "unpriced": 1, "old": Decimal("0.02")}
    assert document["unpriced"] == {"a/gone": 1}
    assert past.run(*words[:3], "--ledger-from", past.old, "--since", "1h", "--until", "2020-01-01")[1].endswith(
        "\nthere are none\n"
    )


def test_eighty_columns(past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    past.add(cost=Decimal("123456.789"), key="a-team-whose-name-is-longer-than-most", usage=TokenUsage(10**9, 0))
    _, out, _ = past.run("reprice", "--config", past.new, "--by", "model", "--by", "key")
    assert max(map(len, out.splitlines()[2:])) <= 80
    assert "~123,456.79" in out


@pytest.mark.parametrize("words", [("--config", "{bad}"), ("--config", "{new}", "--ledger-from", "{bad}")])
def test_a_bad_file(past: Past, tmp_path: Path, words: tuple[str, ...]) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("version: 1\n")
    code, out, err = past.run("reprice", *(word.format(bad=bad, new=past.new) for word in words))
    assert (code, out) == (1, "")
    assert f"{bad}:1:1" in err


def test_usage(past: Past) -> None:
    with pytest.raises(SystemExit) as ended:
        past.run("reprice")
    assert ended.value.code == 2
