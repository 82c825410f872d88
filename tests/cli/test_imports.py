"""``import litellm`` beside golden files: what is told is the files' own head."""

import re
from pathlib import Path

import pytest

from tornado_gateway.__main__ import main
from tornado_gateway.cli import imports
from tornado_gateway.config.build import load
from tornado_gateway.pricelist.catalog import NoCatalog

FILES = Path(__file__).parent / "litellm" / "files"
ENVIRON = {
    "AZURE_API_BASE_EU": "https://eu.openai.azure.com",
    "DATABASE_URL": "postgresql://user:planted@db/litellm",
    "REDIS_HOST": "redis.internal",
    "REDIS_PASSWORD": "planted",
}


def settled(text: str) -> str:
    """Without what the public list says today."""
    return re.sub(r'genai-prices [\d.]+, review_by: "[\d-]+"', "LIST", text)


def test_the_golden_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "gateway.yaml"
    assert main(["import", "litellm", str(FILES / "full.yaml"), "--output", str(output)]) == 0
    assert settled(output.read_text()) == settled((FILES / "full.gateway.yaml").read_text())
    said = capsys.readouterr()
    head = [line.removeprefix("#   ") for line in output.read_text().splitlines() if line.startswith("#   ")]
    assert said.err.splitlines() == [
        *head,
        "must be set where the gateway runs: AZURE_API_BASE_EU, DATABASE_URL, REDIS_HOST, REDIS_PASSWORD",
        f"wrote {output}: it passes check",
    ]
    assert "planted" not in output.read_text() + said.err


def test_what_comes_out_passes_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", "litellm", str(FILES / "full.yaml")]) == 0
    file = tmp_path / "gateway.yaml"
    file.write_text(capsys.readouterr().out)
    assert "azure/gpt-4o-eu" in {card.model for card in load(file, ENVIRON).settings.prices}


def test_without_the_public_list_a_model_without_a_price_is_no_zero(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent() -> None:
        raise NoCatalog("the list is not installed")

    monkeypatch.setattr(imports, "open_catalog", absent)
    output = tmp_path / "gateway.yaml"
    assert main(["import", "litellm", str(FILES / "full.yaml"), "--output", str(output)]) == 1
    said = capsys.readouterr().err
    assert "the list is not installed" in said
    assert f"{output}: no price is known for azure/gpt-4o-eu: fill in its row" in said
    assert "'azure/gpt-4o-eu' has no price" in said
    assert "# azure/gpt-4o-eu: {input: ?, output: ?}" in output.read_text()


def test_a_model_that_the_list_does_not_know_has_no_price(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("model_list: [{model_name: a, litellm_params: {model: openai/mine-own}}]")
    assert main(["import", "litellm", str(file)]) == 1
    assert "no price is known for openai/mine-own" in capsys.readouterr().err


def test_a_file_that_is_there_is_left_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "gateway.yaml"
    output.write_text("mine")
    assert main(["import", "litellm", str(FILES / "full.yaml"), "--output", str(output)]) == 1
    assert output.read_text() == "mine"
    assert "nothing is written" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "complaint"),
    [(b"a: [", "not YAML"), (b"\xff", "not UTF-8"), (b"model_list: []", "nothing of it can be served")],
)
def test_what_is_no_such_file(
    content: bytes, complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "config.yaml"
    file.write_bytes(content)
    assert main(["import", "litellm", str(file)]) == 1
    assert complaint in capsys.readouterr().err


def test_no_file_is_told_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", "litellm", str(tmp_path / "none.yaml")]) == 1
    assert "none.yaml" in capsys.readouterr().err
