"""The commands that look at the past, as processes, over a ledger that a running gateway has written."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from .conftest import CONFIG, ROOT, Double, Gateway

OLD = f'{CONFIG}ledger: {{url: "sqlite:///usage.db", flush_interval: 0.1}}\n'
NEW = OLD.replace("input: 0.03, output: 0.06", "input: 0.02, output: 0.06").replace(
    "echo4: {provider: echo}", "echo4: {provider: openai, model: gpt-4o-mini}"
)
HELLO = [{"role": "user", "content": "Hello"}]

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def past(start: Callable[..., Gateway], tmp_path: Path) -> Gateway:
    """A gateway with six calls behind it: gpt-4 three times, a wildcard's model, echo and nobody's."""
    gateway = start(OLD)
    (tmp_path / "new.yaml").write_text(NEW)
    for model, team in (
        ("gpt-4", "a"),
        ("gpt-4", "a"),
        ("gpt-4", "b"),
        ("gpt-4o-mini", "b"),
        ("echo4", "b"),
        ("no", "b"),
    ):
        body = {"model": model, "messages": HELLO, "metadata": {"team": team}}
        httpx.post(f"{gateway.url}/v1/chat/completions", json=body, timeout=10)
    gateway.wait_until(lambda: gateway.metric("gateway_ledger_waiting") == 0)
    gateway.wait_until(lambda: gateway.metric("gateway_ledger_journal_rows") == 0)
    return gateway


@pytest.fixture
def run(tmp_path: Path, upstream: Double) -> Run:
    """A command in the gateway's folder and environment, in a pipe; ``COLUMNS`` is the reader's."""

    def run_one(*words: object, columns: int | None = None, body: Any = None) -> "subprocess.CompletedProcess[str]":
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "OPENAI_BASE_URL": upstream.url, "OPENAI_API_KEY": "k"}
        environment.pop("COLUMNS", None)
        if columns is not None:
            environment["COLUMNS"] = str(columns)
        command = [sys.executable, "-m", "tornado_gateway", *(str(word) for word in words)]
        return subprocess.run(
            command,
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            input=None if body is None else json.dumps(body),
            timeout=60,
            check=False,
        )

    return run_one


def at_once(run: Run, *commands: Sequence[Any]) -> list["subprocess.CompletedProcess[str]"]:
    with ThreadPoolExecutor(len(commands)) as pool:
        return list(pool.map(lambda words: run(*words[0], **words[1]), commands))


def exact(done: "subprocess.CompletedProcess[str]") -> Any:
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout, parse_float=Decimal)


def test_what_was_spent_and_what_it_would_have_cost(past: Gateway, run: Run) -> None:
    file = past.config.name
    by_model, by_tag, table, repriced, again = at_once(
        run,
        (("usage", "--config", file, "--format", "json"), {}),
        (("usage", "--config", file, "--by", "tag:team", "--format", "json"), {}),
        (("usage", "--config", file, "--since", "2h"), {"columns": 80}),
        (("reprice", "--config", "new.yaml", "--format", "json"), {}),
        (("reprice", "--config", file, "--format", "json"), {}),
    )
    spent = {each["group"]["model"]: (each["requests"], each["cost"]) for each in exact(by_model)["groups"]}
    assert spent == {
        "openai/gpt-4": (3, Decimal("0.00558")),
        "openai/gpt-4o-mini": (1, Decimal("0.00028")),
        "echo/echo4": (1, 0),
        "unknown/unknown": (1, 0),
    }
    total = exact(by_model)["total"]
    assert (total["requests"], total["failed"], total["cost"]) == (6, 1, Decimal("0.00586"))
    assert {each["group"]["tag:team"]: each["cost"] for each in exact(by_tag)["groups"]} == {
        "a": Decimal("0.00372"),
        "b": Decimal("0.00214"),
    }
    assert table.returncode == 0
    assert max(map(len, table.stdout.splitlines())) <= 80
    assert "\nspent: 0.00586 USD\n" in table.stdout
    assert "\x1b" not in table.stdout
    new = exact(repriced)
    assert (new["total"]["old"], new["total"]["new"]) == (Decimal("0.00586"), Decimal("0.0055"))
    assert new["total"]["left_out"]["unused"] == 1
    same = exact(again)["total"]
    assert (same["requests"], same["old"], same["new"], same["difference"]) == (
        5,
        Decimal("0.00586"),
        Decimal("0.00586"),
        0,
    )


def test_what_another_file_would_do_to_it(past: Gateway, run: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(NEW.replace("provider: openai", "provider: opnai", 1))
    body = {"model": "echo4", "messages": HELLO, "max_tokens": 100}
    human, document, bad, estimate = at_once(
        run,
        (("diff", past.config.name, "new.yaml"), {"columns": 80}),
        (("diff", past.config.name, "new.yaml", "--format", "json"), {}),
        (("diff", past.config.name, "bad.yaml"), {}),
        (("estimate", "--config", "new.yaml", "--format", "json"), {"body": body}),
    )
    assert (human.returncode, human.stderr) == (0, "")
    lines = human.stdout.splitlines()
    assert [line.strip() for line in lines[1:3]] == [
        "route echo4: targets echo/echo4 -> openai/gpt-4o-mini",
        "price of openai/gpt-4: input 0.03 -> 0.02",
    ]
    assert max(map(len, lines)) <= 80
    found = exact(document)["effect"]
    assert found["kept"]["total"]["difference"] == Decimal("-0.00036")
    (moved,) = found["moved"]
    assert (moved["model"], moved["requests"], moved["old"]) == ("echo4", 1, 0)
    assert moved["estimate"] > 0
    assert found["refused"] == []
    assert bad.returncode == 1
    assert "bad.yaml:" in bad.stderr
    assert "did you mean 'openai'" in bad.stderr
    quoted = exact(estimate)
    assert quoted["worst"] == quoted["tokens"]["prompt"] * Decimal("0.0000025") + 100 * Decimal("0.00001")
