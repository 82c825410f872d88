import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.operating import TOKEN, Operated, operating, written
from tests.serving import until


async def source(operated: Operated) -> tuple[str, str]:
    document = await operated.get("config/source")
    return document["text"], document["etag"]


async def put(operated: Operated, text: str, etag: str | None) -> httpx.Response:
    headers = {} if etag is None else {"If-Match": f'"{etag}"'}
    return await operated.client.put("config", content=text, headers=headers)


async def check(operated: Operated, text: str | bytes, **parameters: Any) -> Any:
    answer = await operated.client.post("check", content=text, params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_as_it_is_in_force(tmp_path: Path) -> None:
    async with operating(written(tmp_path)) as operated:
        answer = await operated.client.get("config")
        document = answer.json()
        assert "planted" not in answer.text
        assert document["revision"] == operated.runtime.snapshots.current.revision
        assert document["document"]["providers"]["openai"]["api_key"] == "***"
        lines = operated.path.read_text().splitlines()
        for path, mark in (("providers.openai", "openai:"), ("pricing.models.echo/echo4.output", "output:")):
            position = document["positions"][path]
            assert lines[position["line"] - 1][position["column"] - 1 :].startswith(mark)
        assert [each["severity"] for each in document["warnings"]] == ["warning"] * len(document["warnings"])


async def test_as_it_is_written(tmp_path: Path) -> None:
    async with operating(written(tmp_path)) as operated:
        answer = await operated.client.get("config/source")
        document = answer.json()
        assert "planted" not in answer.text
        assert 'api_key: "***3"}  # not sk-***' in document["text"]
        assert answer.headers["ETag"] == f'"{document["etag"]}"'
        assert (document["in_force"], document["writable"]) == (True, True)


async def test_a_bad_file_is_shown_with_its_problems_and_one_that_is_no_yaml_is_not(tmp_path: Path) -> None:
    async with operating(written(tmp_path)) as operated:
        good = operated.path.read_text()
        operated.path.write_text(good.replace("kind: echo", "kind: echoo"))
        document = await operated.get("config/source")
        assert (document["in_force"], document["revision"]) == (False, None)
        assert "echoo" in document["text"]
        assert document["problems"][0]["path"] == "providers.echo.kind"
        answer = await operated.client.post("reload")
        assert answer.json()["ok"] is False
        assert "providers.echo.kind" in answer.json()["last_error"][0]
        reloads = (await operated.get("reloads"))["reloads"]
        assert (reloads[0]["outcome"], reloads[-1]["outcome"]) == ("rejected", "loaded")
        operated.path.write_text(f"token: {TOKEN}: [")
        document = await operated.get("config/source")
        assert document["text"] is None
        operated.path.unlink()
        assert (await operated.client.get("config/source")).status_code == 409
        assert (await put(operated, good, "x")).status_code == 412


async def test_a_dry_run_with_its_effect_in_dollars(tmp_path: Path) -> None:
    async with operating(written(tmp_path, write=False)) as operated:
        await operated.call("Hello there")
        text, _ = await source(operated)
        changed = text.replace("output: 0.06", "output: 0.12")
        for _ in range(200):
            document = await check(operated, changed, days=2)
            if document["effect"]["kept"]["total"]["requests"]:
                break
            await asyncio.sleep(0.02)
        assert document["ok"]
        assert document["changes"] == ["price of echo/echo4: output 0.06 -> 0.12"]
        assert document["effect"]["served"]["difference"] > 0
        assert (await check(operated, changed, effect="false"))["effect"] is None
        assert operated.path.read_text() != changed


@pytest.mark.parametrize(
    ("old", "new", "path", "message"),
    [
        ("provider: echo,", "provider: echoo,", "routes.echo4.provider", "did you mean 'echo'"),
        ("http://127.0.0.1:9/v1", "http://127.0.0.1:10/v1", "providers.openai.base_url", "internal address"),
        ('source: "a page"', 'source: "${HOME}"', "pricing.models.openai/gpt-*.source", "does not refer to HOME"),
        ('source: "a page"', 'source: "***3"', "pricing.models.openai/gpt-*.source", "stands for a secret"),
    ],
)
async def test_what_is_wrong_has_its_place(tmp_path: Path, old: str, new: str, path: str, message: str) -> None:
    async with operating(written(tmp_path, ledger=False)) as operated:
        text, etag = await source(operated)
        changed = text.replace(old, new, 1)
        assert changed != text
        document = await check(operated, changed)
        (problem,) = [each for each in document["problems"] if each["severity"] == "error"]
        assert (document["ok"], problem["path"]) == (False, path)
        assert message in problem["message"]
        line = changed.splitlines()[problem["line"] - 1]
        assert new.rsplit(": ", maxsplit=1)[-1].strip('",')[:4] in line[problem["column"] - 1 :]
        refused = await put(operated, changed, etag)
        assert (refused.status_code, refused.json()["error"]["code"]) == (400, "config_invalid")
        assert refused.json()["problems"] == document["problems"]
        assert (await source(operated))[1] == etag


@pytest.mark.parametrize("text", [b"a: [", b"\xff", b"", b"a: &x {b: *x}", b"a: \x00"])
async def test_nonsense_is_a_problem(tmp_path: Path, text: bytes) -> None:
    async with operating(written(tmp_path, ledger=False)) as operated:
        document = await check(operated, text)
        assert not document["ok"]
        assert document["problems"]


async def test_it_is_written_as_a_whole_with_its_secrets_and_in_force_at_once(tmp_path: Path) -> None:
    async with operating(written(tmp_path)) as operated:
        operated.path.chmod(0o640)
        before = operated.path.read_text()
        text, etag = await source(operated)
        answer = await put(operated, text.replace("output: 0.06", "output: 0.12"), etag)
        assert answer.status_code == 200, answer.text
        assert operated.path.read_text() == before.replace("0.06", "0.12").replace(
            "not sk-planted-openai", "not sk-***"
        )
        assert operated.path.stat().st_mode & 0o777 == 0o640
        document = answer.json()
        assert document["revision"] == operated.runtime.snapshots.current.revision
        assert document["changes"] == ["price of echo/echo4: output 0.06 -> 0.12"]
        assert answer.headers["ETag"] == f'"{document["etag"]}"'
        assert (await source(operated))[1] == document["etag"]
        late = await put(operated, text, etag)
        assert (late.status_code, late.json()["error"]["code"]) == (412, "revision_mismatch")
        blind = await put(operated, text, None)
        assert (blind.status_code, blind.json()["error"]["code"]) == (428, "revision_required")


async def test_not_where_writing_is_off(tmp_path: Path) -> None:
    async with operating(written(tmp_path, write=False)) as operated:
        text, etag = await source(operated)
        answer = await put(operated, text, etag)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "admin_write_off")


async def test_a_folder_that_takes_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tornado_gateway.admin.configuration.write_file", full)
    async with operating(written(tmp_path)) as operated:
        text, etag = await source(operated)
        answer = await put(operated, text, etag)
        assert (answer.status_code, answer.json()["error"]["message"]) == (
            409,
            "The file can't be written: No space left on device.",
        )


async def test_reload_takes_up_a_change_at_once(tmp_path: Path) -> None:
    async with operating(written(tmp_path)) as operated:
        operated.path.write_text(operated.path.read_text().replace("0.06", "0.07"))
        answer = await operated.client.post("reload")
        assert answer.json()["ok"]
        await until(lambda: operated.runtime.snapshots.current.revision == answer.json()["revision"])
        assert (await operated.get("config/source"))["in_force"]
