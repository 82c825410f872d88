import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tests.cli.conftest import Past, today
from tornado_gateway.domain.usage import TokenUsage

DAY = timedelta(days=1)


def test_by_model_with_bars_and_days(past: Past) -> None:
    past.add()
    past.add(finished_at=today() - 3 * DAY, key=None)
    past.add("small", usage=TokenUsage(500, 100, cached_input=20))
    past.add(status=502, usage=None, cost=None)
    code, out, err = past.run("usage", "--config", past.old, "--since", "9d")
    lines = out.splitlines()
    assert (code, err) == (0, "")
    assert re.fullmatch(r"calls since \d{4}-\d\d-\d\d \d\d:\d\d UTC, in sqlite:///.*usage\.db", lines[0])
    assert lines[2].split() == ["Model", "Requests", "Failed", "Tokens", "in", "out", "Cost", "USD"]
    assert lines[4].split() == ["a/big", "3", "1", "2,000", "2,000", "0.18", "████████"]
    assert lines[5].split() == ["a/small", "1", "0", "520", "100", "0.003", "▏"]
    assert lines[7].split() == ["total", "4", "1", "2,520", "2,100", "0.183"]
    assert lines[9] == "spent: 0.183 USD"
    assert lines[11].startswith("USD for each day, the most 0.093 from ")
    assert len(lines[15].strip()) == 4
    assert lines[16] == f"{datetime.now(UTC) - 9 * DAY:%Y-%m-%d} to {datetime.now(UTC):%Y-%m-%d}"


def test_exact_json(past: Past) -> None:
    tiny = Decimal("1E-30")
    past.add(tags={"team": "a"}, cost=tiny)
    past.add("small", tags={"team": "b"})
    past.add("free")
    past.add(saved=Decimal("0.5"), cost=Decimal(0))
    _, out, _ = past.run("usage", "--config", past.old, "--by", "tag:team", "--by", "model", "--format", "json")
    document = json.loads(out, parse_float=Decimal)
    assert document["by"] == ["tag:team", "model"]
    assert [(each["group"], each["requests"], each["cost"]) for each in document["groups"]] == [
        ({"tag:team": "b", "model": "a/small"}, 1, Decimal("0.003")),
        ({"tag:team": "a", "model": "a/big"}, 1, tiny),
        ({"tag:team": None, "model": "a/big"}, 1, 0),
        ({"tag:team": None, "model": "a/free"}, 1, 0),
    ]
    assert document["total"] == {
        "requests": 4,
        "failed": 0,
        "prompt_tokens": 4000,
        "completion_tokens": 4000,
        "cost": Decimal("0.003") + tiny,
        "saved": Decimal("0.5"),
        "unpriced": 1,
    }
    assert "e-" not in out.lower()
    assert document["currency"] == "USD"
    assert [day["requests"] for day in document["days"]] == [4]


def test_what_has_no_price_is_not_shown_as_nothing(past: Past) -> None:
    past.add("free")
    past.add(saved=Decimal("0.5"), cost=Decimal(0))
    _, out, _ = past.run("usage", "--config", past.old)
    assert re.search(r"^a/free +1 +0 +1,000 +1,000 +unknown$", out, re.MULTILINE)
    assert out.splitlines()[-2:] == [
        "saved by answers from the cache: 0.5 USD",
        "calls without a price, which are in no sum of USD: 1",
    ]


def test_days_in_their_order_and_no_second_chart(past: Past) -> None:
    now = datetime.now(UTC)
    for ago in (1, 3, 2):
        past.add(finished_at=now - ago * DAY)
    _, out, _ = past.run("usage", "--config", past.old, "--by", "day")
    days = re.findall(r"^\d{4}-\d\d-\d\d", out, re.MULTILINE)
    assert days == [f"{now - ago * DAY:%Y-%m-%d}" for ago in (3, 2, 1)]
    assert "USD for" not in out


def test_a_period(past: Past) -> None:
    for day in (1, 2, 3):
        past.add(finished_at=datetime(2026, 1, day, tzinfo=UTC))
    words = ("usage", "--config", past.old, "--since", "2026-01-02", "--until", "2026-01-03")
    assert json.loads(past.run(*words, "--format", "json")[1])["total"]["requests"] == 1
    assert past.run(*words)[1].splitlines()[-1] == "spent: 0.09 USD", "a day alone is no chart"


def test_what_has_no_line_of_its_own_is_in_one(past: Past) -> None:
    for number in range(5):
        past.add(tags={"user": f"u{number}"}, cost=Decimal(5 - number))
    _, out, _ = past.run("usage", "--config", past.old, "--by", "tag:user", "--top", "2")
    table = [line.split()[:3] for line in out.splitlines()[4:9]]
    assert table[:3] == [["u0", "1", "0"], ["u1", "1", "0"], ["(3", "more)", "3"]]
    assert [*table[4], "5"] == ["total", "5", "0", "5"]
    assert "\nspent: 15 USD\n" in out


def test_nothing_in_it(past: Past) -> None:
    past.add(finished_at=datetime(2020, 1, 1, tzinfo=UTC))
    assert past.run("usage", "--config", past.old)[1].endswith("\nthere are none\n")
    assert json.loads(past.run("usage", "--config", past.old, "--format", "json")[1])["total"] is None


def test_eighty_columns(past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    past.add(
        "big",
        model="a-model-with-a-name-of-forty-letters-2026",
        key="a-team-whose-name-is-long",
        cost=Decimal("1234.56789"),
    )
    _, out, _ = past.run("usage", "--config", past.old, "--by", "model", "--by", "key")
    lines = out.splitlines()
    assert max(map(len, lines[2:])) <= 80
    assert "~1,234.57" in out
    assert "spent: 1,234.56789 USD" in lines


@pytest.mark.parametrize(
    ("text", "message"),
    [("version: 2\n", "version"), (None, "can't be read")],
)
def test_a_bad_file(past: Past, tmp_path: Path, text: str | None, message: str) -> None:
    file = tmp_path / "bad.yaml"
    if text is not None:
        file.write_text(text)
    code, out, err = past.run("usage", "--config", file)
    assert (code, out) == (1, "")
    assert message in err


def test_a_ledger_that_is_not_there(past: Past) -> None:
    code, out, err = past.run("usage", "--config", past.old)
    assert (code, out) == (1, "")
    assert "does not exist" in err
