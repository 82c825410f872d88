import re
from pathlib import Path

from tests.httpserver.page.browsing import browsing, csrf
from tests.operating import written


async def test_a_key_is_made_shown_once_rotated_and_revoked(tmp_path: Path) -> None:
    path = written(tmp_path, store=True)
    path.write_text(path.read_text().replace("required: false", "required: true"))
    async with browsing(path) as (operated, client):
        form = {"csrf": await csrf(client), "id": "team-b", "owner": "<b>", "models": "claude-9", "period": "month"}
        made = await client.post("/admin/keys", data=form)
        assert made.status_code == 201
        key = re.search(r'<code id="secret"[^>]*>([^<]+)</code>', made.text)
        assert key is not None
        assert "no route serves" in made.text
        listed = (await client.get("/admin/keys")).text
        assert key[1] not in listed
        assert "&lt;b&gt;" in listed
        called = {"Authorization": f"Bearer {key[1]}"}
        assert (await operated.stranger.get("/v1/models", headers=called)).status_code == 200

        wrong = await client.post("/admin/keys/team-b", data={**form, "action": "rotate", "overlap": "soon"})
        assert (wrong.status_code, "is no span of time" in wrong.text) == (400, True)
        rotated = await client.post("/admin/keys/team-b", data={**form, "action": "rotate", "overlap": "0"})
        assert "The next key of" in rotated.text
        assert (await operated.stranger.get("/v1/models", headers=called)).status_code == 401
        revoked = await client.post("/admin/keys/team-b", data={**form, "action": "revoke"})
        assert (revoked.status_code, revoked.headers["Location"]) == (303, "/admin/keys")
        assert (await client.get("/admin/keys/team-b")).status_code == 404
        assert (await client.post("/admin/keys/team-b", data={**form, "action": "revoke"})).status_code == 404
        assert (await client.post("/admin/keys/team-b", data={**form, "action": "rotate"})).status_code == 404


async def test_what_is_wrong_is_said_and_what_was_written_is_kept(tmp_path: Path) -> None:
    async with browsing(written(tmp_path, store=True)) as (_, client):
        form = {"csrf": await csrf(client), "id": "a b\"'<", "owner": "Ada", "concurrent": "5"}
        answer = await client.post("/admin/keys", data=form)
        assert (answer.status_code, 'value="Ada"' in answer.text) == (400, True)
        assert re.search(r'id="id"[^>]* aria-invalid="true"', answer.text)
        assert '<details class="box making" open>' in answer.text
        twice = await client.post("/admin/keys", data={**form, "id": "a"})
        assert (twice.status_code, "in gateway.yaml" in twice.text) == (409, True)
        assert (await client.post("/admin/keys", data={"id": "x"})).status_code == 403


async def test_keys_of_the_file_can_only_be_looked_at(tmp_path: Path) -> None:
    async with browsing(written(tmp_path, store=False)) as (_, client):
        text = (await client.get("/admin/keys")).text
        assert "Make a key" not in text
        assert "in the file" in text
        answer = await client.post("/admin/keys", data={"csrf": await csrf(client), "id": "x"})
        assert (answer.status_code, "auth.store" in answer.text) == (409, True)
