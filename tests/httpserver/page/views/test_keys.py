from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.operating import operating, written
from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.httpserver.page.views.keys import keys_view, new_key, next_key, rights

FORM = {
    "id": " team-b ",
    "owner": "Ada",
    "models": "gpt-*, echo4",
    "tags": "team=b\n\nnote=a=b, c\n",
    "requests_per_minute": "1,000",
    "tokens_per_minute": "",
    "concurrent": "5",
    "amount": "12.50",
    "period": "week",
    "expires": "",
}


async def test_a_key_of_the_form_is_made_and_told_in_words(tmp_path: Path) -> None:
    async with operating(written(tmp_path, store=True)) as operated:
        made = await operated.client.post("keys", content=new_key(FORM))
        assert made.status_code == 201, made.text
        nexts = await operated.client.post("keys/team-b/rotate", content=next_key({"overlap": " 0 ", "expires": ""}))
        assert nexts.status_code == 200, nexts.text
        assert (await operated.client.delete("keys/team-b")).status_code == 200
        assert (await operated.client.post("keys", content=new_key({"id": "c@d"}))).status_code == 201
        view = keys_view(await operated.get("keys"))
    good, of_file, *old = view.rows
    assert view.store
    assert (good.id, good.level, good.address) == ("c@d", "good", "/admin/keys/c%40d")
    assert (of_file.id, of_file.kept_in, of_file.address, of_file.tags) == ("a", "file", None, ["team=a"])
    assert [row.address for row in old] == [None, None]
    assert {row.state for row in old} <= {"revoked", "expired"}
    assert old[0].rights == ["gpt-*, echo4", "1,000 requests per minute", "5 at once", "12.50 USD a week"]
    assert old[0].tags == ["team=b", "note=a=b, c"]


def test_only_what_is_said_is_sent() -> None:
    assert msgspec.json.decode(new_key({"id": "a", "tags": " ", "amount": ""})) == {"id": "a"}
    assert b'"amount":12.5' in new_key(FORM)
    assert next_key({}) == b"{}"


@pytest.mark.parametrize(
    ("wrong", "member"),
    [
        ({"tags": "team"}, "tags"),
        ({"concurrent": "many"}, "limits.concurrent"),
        ({"concurrent": "\u0661"}, "limits.concurrent"),
        ({"concurrent": "9" * 5000}, "limits.concurrent"),
        ({"amount": "lots"}, "budget.amount"),
        ({"amount": "NaN"}, "budget.amount"),
        ({"amount": "1e900000"}, "budget.amount"),
        ({"amount": "1" * 5000}, "budget.amount"),
    ],
)
def test_what_can_be_meant_by_nobody_is_told_by_its_member(wrong: dict[str, str], member: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        new_key(FORM | wrong)
    assert raised.value.param == member
    assert len(raised.value.message) < 200


def test_rights_of_a_key_without_any() -> None:
    key: dict[str, Any] = {"models": None, "limits": None, "budget": None}
    assert list(rights(key)) == ["all models"]
    budget = {"amount": 5, "period": "total", "time_zone": "Europe/Vienna"}
    assert list(rights(key | {"models": [], "budget": budget})) == ["no model", "5.00 USD in total (Europe/Vienna)"]
