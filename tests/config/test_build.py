import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tornado_gateway.config.build import build, load, parse
from tornado_gateway.config.problems import ConfigInvalid
from tornado_gateway.config.schema import packaged_default

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return Path(shutil.copy(packaged_default(), tmp_path / "gateway.yaml"))


def revision(text: str, **environ: str) -> str:
    return parse(text.encode(), Path("f"), environ).revision


def test_the_revision_tells_what_is_said_and_not_how(file: Path) -> None:
    text = file.read_text()
    first = revision(text)
    assert len(first) == 12
    assert revision("# a comment\n" + text) == first
    assert revision(text.replace("input: 0.03,", "input: 0.04,")) != first
    assert revision(text, OPENAI_API_KEY="sk-x") != first
    assert revision(text, OPENAI_TIMEOUT="60") == first


def test_every_variable_of_the_contract_works(file: Path) -> None:
    environ = {
        "SERVER_HOST": "0.0.0.0",
        "SERVER_PORT": "9000",
        "SERVER_READ_TIMEOUT": "1.5",
        "SERVER_WRITE_TIMEOUT": "2",
        "CORS_ALLOWED_ORIGINS": "https://a.example,https://b.example",
        "CORS_ALLOWED_METHODS": "GET,POST",
        "CORS_ALLOWED_HEADERS": "X-A,X-B",
        "CORS_ALLOW_CREDENTIALS": "false",
        "CORS_MAX_AGE": "7",
        "OPENAI_BASE_URL": "http://127.0.0.1:1/v1",
        "OPENAI_API_KEY": "sk-x",
        "OPENAI_TIMEOUT": "5",
        "OPENAI_MAX_RETRIES": "1",
    }
    settings = load(file, environ).settings
    server, cors, openai = settings.server, settings.cors, settings.providers[1]
    assert (server.host, server.port, server.read_timeout, server.write_timeout) == ("0.0.0.0", 9000, 1.5, 2.0)
    assert cors.origins == {"https://a.example", "https://b.example"}
    assert (cors.methods, cors.headers, cors.credentials, cors.max_age) == (("GET", "POST"), ("X-A", "X-B"), False, 7)
    assert (openai.base_url, openai.api_key, openai.timeout) == ("http://127.0.0.1:1/v1", "sk-x", 5.0)
    assert openai.max_retries == 1


def test_a_snapshot_is_the_whole_file(file: Path) -> None:
    made: list[Any] = []

    def make(settings: Any) -> Any:
        made.append(settings.name)
        return settings

    loaded = load(file, {})
    snapshot = build(loaded, make_provider=make, now=lambda: NOW)
    assert (snapshot.revision, snapshot.loaded_at) == (loaded.revision, NOW)
    assert made == ["echo", "openai"]
    assert [route.name for route in snapshot.routes] == ["echo4", "gpt-4", "gpt-4-turbo", "gpt-3.5-turbo"]
    card = snapshot.prices.find("openai", "gpt-4")
    assert card is not None
    assert (str(card.input), str(card.output), card.free) == ("0.03", "0.06", False)
    line = file.read_text().splitlines()[(card.line or 0) - 1]
    assert "openai/gpt-4:" in line


def test_a_file_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match="can't be read: No such file"):
        load(tmp_path / "nope.yaml", {})
    with pytest.raises(ConfigInvalid) as refused:
        parse(b"a: 1\nb: \xff\n", Path("f"), {})
    assert str(refused.value) == "f:2:4: not UTF-8"


def test_a_byte_order_mark_is_no_content(file: Path) -> None:
    assert parse(b"\xef\xbb\xbf" + file.read_bytes(), file, {}).revision == load(file, {}).revision
