from pathlib import Path

from tornado_gateway.cli.litellm.conversion import convert
from tornado_gateway.cli.litellm.writing import text_of
from tornado_gateway.config.schema import packaged_default
from tornado_gateway.config.source import read

SHIPPED = read(packaged_default().read_text(), "gateway.yaml", {}).value
FULL = (Path(__file__).parent / "files" / "full.yaml").read_text()


def test_what_is_written_says_what_was_converted() -> None:
    found = convert(FULL, "full.yaml", {}, SHIPPED)
    text = text_of(found, "full.yaml", ())
    assert read(text.replace("$", "$$"), "f", {}).value == found.document
    assert max(len(line) for line in text.splitlines() if not line.startswith("#")) <= 120


def test_what_has_no_counterpart_is_at_the_head_and_a_missing_row_is_a_comment() -> None:
    found = convert(FULL, "full.yaml", {}, SHIPPED)
    text = text_of(found, "full.yaml", found.unpriced)
    assert all(f"#   {note}\n" in text for note in found.notes)
    assert "    # azure/gpt-4o-eu: {input: ?, output: ?}\n" in text


def test_a_file_without_notes_or_prices_is_whole() -> None:
    found = convert("model_list: [{model_name: a, litellm_params: {model: openai/a}}]", "c.yaml", {}, SHIPPED)
    text = text_of(found, "c.yaml", found.unpriced)
    assert "counterpart" not in text
    assert read(text.replace("$", "$$"), "f", {}).value == found.document
