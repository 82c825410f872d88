import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.databases import Postgres
from tornado_gateway.__main__ import main
from tornado_gateway.bootstrap.access_control import open_key_store
from tornado_gateway.config.build import load
from tornado_gateway.domain.key_store import StoredKey
from tornado_gateway.domain.keys import hash_of

TEXT = """\
version: 1
auth: {{required: true, store: {store}, keys: [{{id: listed, sha256: "{hash}", models: [echo4]}}]}}
ledger: {{url: "{url}"}}
providers: {{echo: {{kind: echo}}}}
routes: {{echo4: {{provider: echo}}}}
pricing: {{unit: per_1k_tokens, currency: USD, models: {{echo/echo4: {{free: true}}}}}}
"""


class Cli:
    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.file = folder / "gateway.yaml"
        self.url = f"sqlite:///{folder}/usage.db"
        self._capsys = capsys
        self.write()

    def write(self, *, store: str = "true") -> None:
        self.file.write_text(TEXT.format(store=store, url=self.url, hash=hash_of("listed")))

    def run(self, *arguments: str, code: int = 0) -> tuple[str, str]:
        assert main(["keys", *arguments, "--config", str(self.file)]) == code
        said = self._capsys.readouterr()
        return said.out, said.err

    def stored(self) -> list[StoredKey]:
        store = open_key_store(load(self.file, {}))
        try:
            return store.stored()
        finally:
            store.close()


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Cli:
    return Cli(tmp_path, capsys)


def test_a_new_key_is_shown_once_and_kept_by_its_hash(cli: Cli) -> None:
    out, told = cli.run("new", "--id", "team-a", "--tag", "team=a", "--model", "echo*", "--budget", "25/month")
    assert re.fullmatch(r"sk-tgw-[A-Za-z0-9_-]{43}\n", out)
    assert "shown this once" in told
    secret = out.strip()
    (key,) = cli.stored()
    assert (key.id, key.sha256, key.prefix, key.tags) == ("team-a", hash_of(secret), secret[:11], {"team": "a"})
    assert secret not in told
    assert secret.encode() not in (cli.file.parent / "usage.db").read_bytes()
    listing, _ = cli.run("list")
    assert re.search(rf"team-a +{secret[:11]}\.\.\. +good +store", listing)
    assert re.search(r"listed +good +file", listing)
    assert secret[11:] not in listing


def test_a_rotated_key_overlaps(cli: Cli) -> None:
    first = cli.run("new", "--id", "team-a", "--owner", "Ada", "--requests-per-minute", "5")[0].strip()
    out, told = cli.run("rotate", "team-a", "--overlap", "2h", "--expires", "30d")
    second = out.strip()
    assert first != second
    assert "the key before it is good until" in told
    old, new = cli.stored()
    now = datetime.now(UTC)
    assert (old.sha256, new.sha256) == (hash_of(first), hash_of(second))
    assert old.expires is not None
    assert new.expires is not None
    assert abs(old.expires - now - timedelta(hours=2)) < timedelta(minutes=1)
    assert abs(new.expires - now - timedelta(days=30)) < timedelta(minutes=1)
    assert (new.owner, new.limits) == (old.owner, old.limits)
    cli.run("rotate", "team-a", "--overlap", "0")
    assert [key.good(datetime.now(UTC)) for key in cli.stored()] == [False, False, True]


def test_a_bearers_keys_are_revoked_together(cli: Cli) -> None:
    cli.run("new", "--id", "team-a")
    cli.run("rotate", "team-a")
    assert cli.run("revoke", "team-a")[0] == "revoked 2 keys of team-a\n"
    assert cli.run("revoke", "team-a", code=1)[1] == "there is no good key 'team-a' in the store\n"
    assert cli.run("rotate", "team-a", code=1)[1] == "there is no good key 'team-a' in the store\n"
    assert {key.revoked_at is None for key in cli.stored()} == {False}
    cli.run("new", "--id", "team-a")
    document = json.loads(cli.run("revoke", "team-a", "--format", "json")[0])
    assert document == {"id": "team-a", "revoked": 1}


def test_for_programs(cli: Cli) -> None:
    made = json.loads(cli.run("new", "--id", "team-a", "--format", "json", "--expires", "2999-01-01")[0])
    assert made["expires"] == "2999-01-01T00:00:00+00:00"
    assert made["key"].startswith(made["prefix"])
    listed = json.loads(cli.run("list", "--format", "json")[0])
    assert [(key["id"], key["prefix"], key["kept_in"]) for key in listed] == [
        ("team-a", made["prefix"], "store"),
        ("listed", None, "file"),
    ]
    assert made["key"] not in json.dumps(listed)


def test_an_id_is_one_bearers(cli: Cli) -> None:
    cli.run("new", "--id", "team-a")
    assert "there is a good key 'team-a': rotate or revoke it" in cli.run("new", "--id", "team-a", code=1)[1]
    assert "there is a key 'listed' in" in cli.run("new", "--id", "listed", code=1)[1]
    told = cli.run("revoke", "listed", code=1)[1]
    assert f"{cli.file} lists a key 'listed': remove it there, or say disabled: true" in told


def test_a_model_that_nobody_serves_is_told(cli: Cli) -> None:
    told = cli.run("new", "--id", "a", "--model", "echo5", "--model", "echo*", "--model", "gpt-*")[1]
    assert "no route serves 'echo5' now (did you mean 'echo4'?)" in told
    assert "no route serves 'gpt-*' now" in told
    assert "'echo*'" not in told


def test_without_a_store_the_key_is_for_the_file(cli: Cli) -> None:
    cli.write(store="false")
    out, told = cli.run("new", "--id", "team-a", "--model", "echo4")
    assert hash_of(out.strip()) in told
    assert "auth.store is off" in told
    assert not (cli.file.parent / "usage.db").exists()
    assert re.search(r"listed +good +file", cli.run("list")[0])
    cli.file.write_text(cli.file.read_text().replace(cli.file.read_text().split("\n")[1], "auth: {required: false}"))
    assert cli.run("list")[1] == "there are no keys\n"


def test_what_is_wrong_is_told(cli: Cli) -> None:
    cli.url = f"sqlite:///{cli.file.parent}/nowhere/usage.db"
    cli.write()
    assert "No such file or directory" in cli.run("list", code=1)[1]
    cli.url = "none"
    cli.write()
    told = cli.run("list", code=1)[1]
    assert f"{cli.file}:2:31: auth.store: keys are stored in the ledger's database, and there is none" in told


def test_keys_in_postgresql(cli: Cli, postgres: Postgres) -> None:
    cli.url = postgres.database()
    cli.write()
    secret = cli.run("new", "--id", "team-a")[0].strip()
    cli.run("rotate", "team-a")
    assert cli.stored()[0].prefix == secret[:11]
    assert cli.run("revoke", "team-a")[0] == "revoked 2 keys of team-a\n"
