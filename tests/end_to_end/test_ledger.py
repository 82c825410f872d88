"""The ledger of a running gateway: what it holds and what it never does, and its database on a bad day."""

import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.databases import Postgres
from tornado_gateway.domain.ledger import Ledger, LedgerQuery, LedgerRow
from tornado_gateway.storage.sqlite_ledger import SqliteLedger

from .conftest import CONFIG, Double, Gateway, chunk, send_stream

BODY = {"model": "gpt-4", "messages": [{"role": "user", "content": "Hello"}]}
ECHO = {**BODY, "model": "echo4"}


def with_ledger(url: str, more: str = "") -> str:
    return f'{CONFIG}ledger: {{url: "{url}", flush_interval: 0.1{more}}}\n'


def ask(gateway: Gateway, body: dict[str, Any], identity: str = "", **headers: str) -> httpx.Response:
    named = {"X-Request-ID": identity} if identity else {}
    return httpx.post(f"{gateway.url}/v1/chat/completions", json=body, headers={**named, **headers}, timeout=10)


def settled(gateway: Gateway) -> bool:
    """Nothing waits any more, neither in memory nor in a journal."""
    return gateway.metric("gateway_ledger_waiting") == gateway.metric("gateway_ledger_journal_rows") == 0


@pytest.fixture
def usage(tmp_path: Path) -> Iterator[Ledger]:
    """What the gateway's file holds."""
    ledger = SqliteLedger(tmp_path / "usage.db")
    yield ledger
    ledger.close()


def rows(ledger: Ledger, gateway: Gateway, count: int) -> list[LedgerRow]:
    gateway.wait_until(lambda: settled(gateway) and ledger.count(LedgerQuery()) >= count)
    found = list(ledger.rows(LedgerQuery()))
    assert len(found) == count
    return found


def test_a_row_for_each_call_whichever_way_it_ended(start: Callable[..., Gateway], usage: Ledger) -> None:
    gateway = start(with_ledger("sqlite:///usage.db"))
    ask(gateway, {**BODY, "metadata": {"job": "nightly"}}, "answered")
    ask(gateway, {**BODY, "model": "nonsense"}, "no-route")
    ask(gateway, {**BODY, "messages": 5}, "no-request")
    assert httpx.post(f"{gateway.url}/v1/completions", content=b"{", headers={"X-Request-ID": "no-json"}).is_error
    found = {row.request_id: row for row in rows(usage, gateway, 4)}
    answered = found["answered"]
    assert (answered.status, answered.error, answered.cost) == (200, None, Decimal("0.00186"))
    assert answered.usage is not None
    assert (answered.usage.prompt_tokens, answered.usage.completion_tokens) == (12, 25)
    assert (answered.route, answered.provider, answered.model) == ("gpt-4", "openai", "gpt-4")
    assert answered.dialect == "openai.chat"
    assert answered.tags == {"job": "nightly"}
    assert 0 < answered.duration < 10
    assert answered.revision == httpx.get(f"{gateway.url}/health/ready").json()["config"]["revision"]
    assert (found["no-route"].status, found["no-route"].error) == (404, "model_not_found")
    assert found["no-route"].requested_model == "nonsense"
    assert (found["no-request"].status, found["no-json"].status) == (400, 415)
    assert found["no-json"].cost is None

    gateway.config.write_text(with_ledger("postgresql://me:sk-planted@db/usage"))
    gateway.wait_until(lambda: "ledger needs a restart" in gateway.log.read_text())
    assert "ledger.url changed" in gateway.log.read_text()


def test_a_drain_writes_what_there_is(start: Callable[..., Gateway], usage: Ledger) -> None:
    gateway = start(with_ledger("sqlite:///usage.db").replace("flush_interval: 0.1", "flush_interval: 60"))
    for number in range(5):
        ask(gateway, ECHO, f"r-{number}")
    gateway.process.send_signal(signal.SIGTERM)
    assert gateway.process.wait(10) == 0
    assert [row.request_id for row in usage.rows(LedgerQuery())] == [f"r-{number}" for number in range(5)]


def test_no_prompt_no_answer_and_no_key_is_in_any_file(
    start: Callable[..., Gateway], upstream: Double, tmp_path: Path
) -> None:
    planted = "planted-secret-text"

    def answer(handler: Any, seen: Any) -> Any:
        if "fail" in str(seen.body["messages"]):
            handler.set_status(400)
            error = {"message": f"no {planted}", "type": planted, "code": "bad_thing", "param": planted}
            return handler.finish({"error": error})
        if seen.body.get("stream"):
            return send_stream(handler, [chunk({"content": planted}), chunk({}, "stop"), "data: [DONE]\n\n"])
        message = {"role": "assistant", "content": planted, "refusal": None, "reasoning_content": planted}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
        return handler.finish(
            {"id": planted, "object": "chat.completion", "created": 1, "model": "gpt-4", "choices": [choice]}
        )

    upstream.script = answer
    gateway = start(with_ledger("sqlite:///usage.db"))
    keys = {"Authorization": f"Bearer {planted}", "X-Api-Key": planted}
    asked = [{"role": "system", "content": planted}, {"role": "user", "content": planted}]
    for more in ({}, {"stream": True}, {"user": planted}, {"tools": [{"type": "function", "function": {"name": "f"}}]}):
        assert ask(gateway, {**BODY, "messages": asked, **more}, **keys).status_code == 200
    assert ask(gateway, {**BODY, "messages": [*asked, {"role": "user", "content": "fail"}]}, **keys).is_error
    assert ask(gateway, {**ECHO, "messages": asked}, **keys).status_code == 200
    gateway.wait_until(lambda: gateway.metric('gateway_ledger_rows_total{outcome="written"}') == 6)
    with closing(sqlite3.connect(tmp_path / "usage.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        ask(gateway, {**BODY, "messages": asked}, **keys)
        gateway.wait_until(lambda: list(tmp_path.glob("usage.db.*.unwritten.jsonl")) != [])
        files = {file.name: file.read_bytes() for file in tmp_path.glob("usage.db*")}
        other.execute("ROLLBACK")
    assert len(files) == 4, "the file, its two helpers and a journal"
    assert any(b"bad_thing" in content for content in files.values())
    for name, content in files.items():
        assert b"planted" not in content, name


def test_postgres_away_and_back_loses_nothing_and_doubles_nothing(
    start: Callable[..., Gateway], postgres: Postgres, tmp_path: Path
) -> None:
    url = postgres.database()
    gateway = start(with_ledger(url.replace("postgres:@", "postgres:sk-planted@")))
    sent = []

    def served(count: int) -> None:
        for _ in range(count):
            sent.append(f"r-{len(sent)}")
            begun = time.monotonic()
            assert ask(gateway, ECHO, sent[-1]).status_code == 200
            assert time.monotonic() - begun < 2, "nobody waits for the database"

    served(10)
    for _ in range(2):
        gateway.wait_until(lambda: gateway.metric("gateway_ledger_up") == 1 and settled(gateway))
        postgres.stop()
        try:
            served(10)
            gateway.wait_until(lambda: gateway.metric("gateway_ledger_journal_rows") == 10)
            assert gateway.metric("gateway_ledger_up") == 0
        finally:
            postgres.start()
        served(10)
    gateway.wait_until(lambda: settled(gateway), 20)
    assert list(tmp_path.glob("*.jsonl")) == []
    with psycopg.connect(url) as connection:
        found = Counter(identity for (identity,) in connection.execute("SELECT request_id FROM gateway_ledger"))
    assert found == Counter(sent)
    log = gateway.log.read_text()
    assert log.count("the ledger is away, rows go to the journal") == 2
    assert log.count("the ledger is back") == 2
    assert gateway.metric('gateway_ledger_rows_total{outcome="lost"}') == 0


def test_a_database_that_was_away_from_the_start_to_the_end_gets_all_after_a_restart(
    start: Callable[..., Gateway], tmp_path: Path
) -> None:
    folder = tmp_path / "not yet"
    journal = tmp_path / "journal"
    journal.mkdir()
    config = with_ledger(f"sqlite:///{folder}/usage.db", f', journal: "{journal}"')
    gateway = start(config)
    for number in range(5):
        assert ask(gateway, ECHO, f"r-{number}").status_code == 200
    gateway.wait_until(lambda: gateway.metric("gateway_ledger_journal_rows") == 5)
    assert f"{folder}/usage.db: No such file or directory" in gateway.log.read_text()
    gateway.process.kill()
    gateway.process.wait(10)
    (left,) = journal.iterdir()
    with left.open("ab") as torn:
        torn.write(left.read_bytes()[:100])
    folder.mkdir()
    again = start(config)
    again.wait_until(lambda: again.metric('gateway_ledger_rows_total{outcome="replayed"}') == 5 and settled(again))
    assert "ends in half a row" in again.log.read_text()
    assert list(journal.iterdir()) == []
    with closing(sqlite3.connect(folder / "usage.db")) as ledger:
        found = [identity for (identity,) in ledger.execute("SELECT request_id FROM gateway_ledger")]
    assert sorted(found) == [f"r-{number}" for number in range(5)]
