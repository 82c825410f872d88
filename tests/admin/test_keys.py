from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.operating import Operated, operating, written

NEW = {
    "id": "team-b",
    "owner": "B",
    "tags": {"team": "b"},
    "models": ["echo4", "nothing-*"],
    "limits": {"requests_per_minute": 5},
    "budget": {"amount": 25.10, "period": "month", "time_zone": "Europe/Berlin"},
    "expires": "90d",
}


async def call(operated: Operated, key: str) -> httpx.Response:
    return await operated.call(Authorization=f"Bearer {key}")


def strict(folder: Path) -> Path:
    path = written(folder, store=True)
    path.write_text(path.read_text().replace("required: false", "required: true"))
    return path


async def test_from_its_making_to_its_end(tmp_path: Path) -> None:
    async with operating(strict(tmp_path)) as operated:
        made = await operated.client.post("keys", json=NEW)
        assert made.status_code == 201, made.text
        first = made.json()
        assert (first["id"], first["state"], first["budget"]["amount"]) == ("team-b", "good", 25.1)
        assert first["notes"] == ["no route serves 'nothing-*' now"]
        assert (await call(operated, first["key"])).status_code == 200, "at once"
        rotated = await operated.client.post("keys/team-b/rotate", json={"overlap": "0"})
        second = rotated.json()
        assert (rotated.status_code, second["limits"]) == (200, {"requests_per_minute": 5})
        assert (await call(operated, first["key"])).status_code == 401
        assert (await call(operated, second["key"])).status_code == 200
        listed = await operated.client.get("keys")
        assert [(each["id"], each["state"], each["kept_in"]) for each in listed.json()["keys"]] == [
            ("team-b", "expired", "store"),
            ("team-b", "good", "store"),
            ("a", "good", "file"),
        ]
        assert first["key"] not in listed.text
        assert second["key"] not in listed.text
        revoked = await operated.client.delete("keys/team-b")
        assert (revoked.status_code, revoked.json()) == (200, {"id": "team-b", "revoked": 2})
        assert (await call(operated, second["key"])).status_code == 401
        assert (await operated.client.delete("keys/team-b")).status_code == 404
        assert (await operated.client.post("keys/team-b/rotate")).status_code == 404


async def test_an_id_that_is_taken(tmp_path: Path) -> None:
    async with operating(strict(tmp_path)) as operated:
        assert (await operated.client.post("keys", json={"id": "b"})).status_code == 201
        for taken in ("a", "b"):
            answer = await operated.client.post("keys", json={"id": taken})
            assert (answer.status_code, answer.json()["error"]["code"]) == (409, "conflict")


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"id": "a b"}, "id"),
        ({"id": "a\n"}, "id"),
        ({"id": 5}, "id"),
        ({"idd": "a"}, None),
        ({"owner": ""}, "owner"),
        ({"tags": {"a b": "c"}}, "tags"),
        ({"models": ["*x"]}, "models"),
        ({"limits": {"concurrent": 0}}, "limits.concurrent"),
        ({"limits": {"concurrent": "5"}}, "limits.concurrent"),
        ({"budget": {"amount": 0, "period": "day"}}, "budget.amount"),
        ({"budget": {"amount": 1e400, "period": "day"}}, None),
        ({"budget": {"amount": 1, "period": "year"}}, "budget.period"),
        ({"budget": {"amount": 1, "period": "day", "time_zone": "Mars"}}, "budget.time_zone"),
        ({"budget": {"amount": 1, "period": "day", "time_zone": "../x"}}, "budget.time_zone"),
        ({"expires": "2001-01-01"}, "expires"),
    ],
)
async def test_what_can_not_be_meant(tmp_path: Path, changes: dict[str, Any], param: str | None) -> None:
    async with operating(strict(tmp_path)) as operated:
        import json

        answer = await operated.client.post("keys", content=json.dumps({**NEW, **changes}))
        assert (answer.status_code, answer.json()["error"]["param"]) == (400, param), answer.text
        assert (await operated.client.post("keys", content=b"{")).status_code == 400
        assert len((await operated.get("keys"))["keys"]) == 1


async def test_where_the_store_is_off(tmp_path: Path) -> None:
    async with operating(written(tmp_path)) as operated:
        document = await operated.get("keys")
        assert (document["store"], [each["id"] for each in document["keys"]]) == (False, ["a"])
        for answer in (
            await operated.client.post("keys", json=NEW),
            await operated.client.post("keys/a/rotate"),
            await operated.client.delete("keys/a"),
        ):
            assert (answer.status_code, answer.json()["error"]["code"]) == (409, "conflict")


async def test_names_that_no_key_has(tmp_path: Path) -> None:
    async with operating(strict(tmp_path)) as operated:
        assert (await operated.client.delete("keys/%20")).status_code == 404
        assert (await operated.client.post("keys/nobody/rotate", json={"overlap": "x"})).status_code == 400
