from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.operating import Operated, operating, written
from tests.support import NOW, finished
from tornado_gateway.admin.requests import _cursor, _position
from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.domain.ledger import LedgerRow
from tornado_gateway.domain.rows import row_of
from tornado_gateway.storage.sqlite_ledger import SqliteLedger


def fill(folder: Path) -> list[LedgerRow]:
    """Seven rows, two of them of one moment."""
    rows = [
        row_of(
            finished(
                request_id=f"req_{index}",
                route="gpt-4" if index % 2 else "echo4",
                principal="a" if index < 3 else None,
                tags={"team": "a,b"} if index == 2 else {},
                status=502 if index == 6 else 200,
                finished_at=NOW + timedelta(seconds=min(index, 5)),
            )
        )
        for index in range(7)
    ]
    ledger = SqliteLedger(folder / "usage.db")
    ledger.append(rows)
    ledger.close()
    return sorted(rows, key=lambda row: (row.finished_at, row.id), reverse=True)


async def ids(operated: Operated, **parameters: object) -> list[str]:
    return [each["request_id"] for each in (await operated.get("requests", **parameters))["requests"]]


async def test_page_after_page_nothing_twice_and_nothing_left_out(tmp_path: Path) -> None:
    rows = fill(tmp_path)
    async with operating(written(tmp_path)) as operated:
        seen, cursor, pages = [], None, 0
        while pages < 10:
            page = await operated.get("requests", limit=2, **({} if cursor is None else {"cursor": cursor}))
            seen += [each["id"] for each in page["requests"]]
            cursor, pages = page["next"], pages + 1
            if cursor is None:
                break
        assert (seen, pages) == ([row.id for row in rows], 4)


async def test_filters(tmp_path: Path) -> None:
    fill(tmp_path)
    async with operating(written(tmp_path)) as operated:
        assert await ids(operated, route="gpt-4") == ["req_5", "req_3", "req_1"]
        assert await ids(operated, key="a", route="gpt-4") == ["req_1"]
        assert await ids(operated, status=502) == ["req_6"]
        assert await ids(operated, tag="team=a,b") == ["req_2"]
        assert await ids(operated, provider="openai", model="gpt-5") == []
        assert await ids(operated, until=(NOW + timedelta(seconds=1)).isoformat()) == ["req_0"]
        assert await ids(operated, since="1h") == []


async def test_one_with_its_receipt(tmp_path: Path) -> None:
    async with operating(written(tmp_path)) as operated:
        name = (await operated.call(**{"X-Request-ID": "mine"})).headers["X-Request-ID"]
        for _ in range(200):
            answer = await operated.client.get(f"requests/{name}")
            if answer.status_code == 200:
                break
        (call,) = answer.json()["calls"]
        assert (call["request_id"], call["route"], call["differences"]) == ("mine", "echo4", [])
        assert call["receipt"]["row"] == "echo/echo4"
        assert call["by_file"]["cost"] == call["cost"] > 0
        assert "Hello" not in answer.text


@pytest.mark.parametrize("name", ["nobody", "a%00b", "x" * 200, "%C3%A4"])
async def test_one_that_there_is_not(tmp_path: Path, name: str) -> None:
    async with operating(written(tmp_path)) as operated:
        assert (await operated.client.get(f"requests/{name}")).status_code == 404


async def test_without_a_ledger(tmp_path: Path) -> None:
    async with operating(written(tmp_path, ledger=False)) as operated:
        for path in ("requests", "requests/a", "spend"):
            answer = await operated.client.get(path)
            assert (answer.status_code, answer.json()["error"]["code"]) == (503, "ledger_unavailable")


@pytest.mark.parametrize("query", ["status=20", "status=ok", "tag=team", "cursor=x", "limit=501", "model=a&model=b"])
async def test_what_can_not_be_meant(tmp_path: Path, query: str) -> None:
    async with operating(written(tmp_path)) as operated:
        answer = await operated.client.get(f"requests?{query}")
        assert (answer.status_code, answer.json()["error"]["param"]) == (400, query.partition("=")[0])


def test_a_cursor_leads_back() -> None:
    row = row_of(finished())
    assert _position(_cursor(row)) == (row.finished_at, row.id)


@given(st.text(max_size=60))
def test_no_text_is_more_than_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        _position(text)
