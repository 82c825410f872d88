import re
from pathlib import Path
from typing import Any

import httpx

from tests.httpserver.page.browsing import browsing, csrf
from tests.operating import TOKEN, written

EDIT = "/admin/configuration/edit"


def fields(text: str) -> dict[str, str]:
    """What the editor's form would send."""
    found = dict(re.findall(r'<input type="hidden" name="(csrf|etag|checked)" value="(\w*)">', text))
    area = re.search(r"<textarea [^>]*>\n(.*?)</textarea>", text, re.DOTALL)
    assert area is not None
    plain = (
        area[1]
        .replace("\r\n", "\n")
        .replace("&quot;", '"')
        .replace("&#x27;", "'")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
    )
    return {**found, "text": plain.replace("&amp;", "&")}


async def post(client: httpx.AsyncClient, form: dict[str, str], **changed: str) -> httpx.Response:
    """As a browser does: lines end with CRLF."""
    sent: dict[str, Any] = {**form, **changed}
    return await client.post(EDIT, data={**sent, "text": sent["text"].replace("\n", "\r\n")})


async def test_the_file_line_by_line_without_its_secrets(tmp_path: Path) -> None:
    path = written(tmp_path)
    async with browsing(path) as (_, client):
        text = (await client.get("/admin/configuration")).text
        assert "planted" not in text
        assert '<tr id="L1">' in text
        assert re.search(r'id="L22" class="warn">.*?these prices were to be looked at', text, re.DOTALL)
        path.write_text(path.read_text().replace("kind: echo", "kind: echoo"))
        bad = (await client.get("/admin/configuration")).text
        assert "not in force: it has problems" in bad
        path.write_text(f"token: {TOKEN}: [")
        none = await client.get("/admin/configuration")
        assert (none.status_code, "The file is no YAML" in none.text, TOKEN in none.text) == (200, True, False)
        assert "it can't be changed from here" in (await client.get(EDIT)).text
        path.unlink()
        assert (await client.get("/admin/configuration")).status_code == 409


async def test_a_text_is_checked_then_applied_and_nothing_else_of_the_file_changes(tmp_path: Path) -> None:
    path = written(tmp_path)
    before = path.read_text()
    after = before.replace("output: 0.06", "output: 0.12").replace("# not sk-planted-openai", "# not sk-***")
    async with browsing(path) as (operated, client):
        form = fields((await client.get(EDIT)).text)
        wanted = form["text"].replace("output: 0.06", "output: 0.12")
        early = await post(client, form, text=wanted, action="apply")
        assert "had been checked" in early.text
        assert path.read_text() == before
        checked = fields(early.text)
        assert checked["text"] == wanted
        other = await post(client, checked, text=wanted.replace("0.12", "0.13"), action="apply")
        assert "had been checked" in other.text
        assert "0.06 -&gt; 0.13" in other.text
        done = await post(client, checked, text=wanted, action="apply")
        assert (done.status_code, path.read_text()) == (303, after)
        shown = await client.get(done.headers["Location"])
        assert "Written, and in force" in shown.text
        assert "Written, and in force" not in (await client.get("/admin/configuration?written=0123")).text
        assert (await operated.get("config/source"))["in_force"]


async def test_problems_stand_at_their_lines_and_bar_the_way(tmp_path: Path) -> None:
    async with browsing(written(tmp_path)) as (_, client):
        form = fields((await client.get(EDIT)).text)
        answer = await post(client, form, text=form["text"].replace("kind: echo", "kind: <b>echoo"), action="check")
        assert 'data-problems="10:error' in answer.text
        assert "providers.echo.kind" in answer.text
        assert "<b>echoo" not in answer.text
        assert fields(answer.text)["checked"] == ""
        assert re.search(r'id="apply" disabled', answer.text)
        same = await post(client, form, action="check", days="7")
        assert "changes nothing" in same.text
        assert '<option value="7" selected>' in same.text
        odd = await post(client, form, action="check", days="1000000")
        assert odd.status_code == 200


async def test_somebody_else_was_quicker(tmp_path: Path) -> None:
    path = written(tmp_path)
    async with browsing(path) as (_, client):
        form = fields((await client.get(EDIT)).text)
        wanted = form["text"].replace("output: 0.06", "output: 0.12")
        checked = fields((await post(client, form, text=wanted, action="check")).text)
        path.write_text(path.read_text() + "# somebody else\n")
        late = await post(client, checked, action="apply")
        assert (late.status_code, "Somebody else has changed the file" in late.text) == (409, True)
        assert "# somebody else" in late.text
        kept = fields(late.text)
        assert (kept["text"], kept["checked"]) == (wanted, "")
        again = fields((await post(client, kept, action="again")).text)
        assert again["checked"]
        assert (await post(client, again, action="apply")).status_code == 303
        assert path.read_text().count("0.12") == 1


async def test_a_file_keeps_its_line_ends(tmp_path: Path) -> None:
    path = written(tmp_path)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    async with browsing(path) as (_, client):
        form = fields((await client.get(EDIT)).text)
        wanted = form["text"].replace("output: 0.06", "output: 0.12")
        checked = fields((await post(client, form, text=wanted, action="check")).text)
        assert (await post(client, checked, action="apply")).status_code == 303
        assert path.read_bytes().count(b"\r\n") == path.read_bytes().count(b"\n")


async def test_where_writing_is_off_a_text_can_be_checked_alone(tmp_path: Path) -> None:
    async with browsing(written(tmp_path, write=False)) as (_, client):
        page = (await client.get(EDIT)).text
        assert 'id="apply"' not in page
        form = fields(page)
        checked = fields((await post(client, form, text=form["text"] + "# more\n", action="check")).text)
        assert (await post(client, checked, action="apply")).status_code == 403


async def test_reloads_good_and_bad(tmp_path: Path) -> None:
    path = written(tmp_path)
    async with browsing(path) as (_, client):
        path.write_text(path.read_text().replace("kind: echo", "kind: echoo"))
        answer = await client.post("/admin/configuration/reloads", data={"csrf": await csrf(client)})
        assert (answer.status_code, answer.headers["Location"]) == (303, "/admin/configuration/reloads")
        text = (await client.get("/admin/configuration/reloads")).text
        assert "The file on disk is refused" in text
        assert '<span class="badge bad">rejected</span>' in text
        assert (await client.post(EDIT, data={"text": "x"})).status_code == 403
