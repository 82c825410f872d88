import random
import re
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tornado_gateway.cli.litellm.conversion import Unpriced, convert
from tornado_gateway.cli.litellm.writing import text_of
from tornado_gateway.config.problems import ConfigInvalid
from tornado_gateway.config.schema import packaged_default
from tornado_gateway.config.source import read

SHIPPED = read(packaged_default().read_text(), "gateway.yaml", {}).value
FULL = (Path(__file__).parent / "files" / "full.yaml").read_text()


def test_the_sections_are_those_of_gateway_yaml() -> None:
    found = convert(FULL, "full.yaml", {}, SHIPPED)
    assert list(found.document) == [
        "version", "server", "auth", "ledger", "state", "providers", "routes", "pricing",
    ]  # fmt: skip
    assert found.unpriced == (Unpriced("azure", "gpt-4o-eu", "gpt-4o"),)
    assert [note.position for note in found.notes] == sorted(note.position for note in found.notes)


def test_models_of_a_pattern_have_the_prices_that_are_shipped_and_the_file_s_own_go_before() -> None:
    found = convert(
        """\
model_list:
  - {model_name: "gpt-*", litellm_params: {model: "openai/gpt-*"}}
  - {model_name: dear, litellm_params: {model: openai/gpt-4, input_cost_per_token: 0.001}}
  - {model_name: small, litellm_params: {model: openai/text-embedding-3-small}}
  - {model_name: "pplx/*", litellm_params: {model: "perplexity/*"}}
""",
        "config.yaml",
        {},
        SHIPPED,
    )
    rows = found.document["pricing"]["models"]
    shipped = {row: card for row, card in SHIPPED["pricing"]["models"].items() if row.startswith("openai/gpt-")}
    assert len(shipped) > 1
    assert rows == {**shipped, "openai/gpt-4": {"input": 1, "output": 0}}
    assert found.unpriced == (Unpriced("openai", "text-embedding-3-small", "text-embedding-3-small"),)
    assert [note.message for note in found.notes] == [
        f"models of a pattern are priced by rows openai/gpt-NAME: the {len(shipped)} that are shipped stand there, "
        "and others are refused without one",
        "models of a pattern are priced by rows perplexity/NAME, and refused without one",
    ]


def test_two_prices_of_one_model_are_told_of() -> None:
    found = convert(
        """\
model_list:
  - {model_name: a, litellm_params: {model: openai/x, input_cost_per_token: 0.000001}}
  - {model_name: b, litellm_params: {model: openai/x, input_cost_per_token: 0.000002}}
  - {model_name: c, litellm_params: {model: openai/x}}
""",
        "config.yaml",
        {},
        SHIPPED,
    )
    assert [str(note).split(": ", 2)[2] for note in found.notes] == [
        "another price than before for openai/x: the first one counts"
    ]
    assert found.unpriced == ()


def test_nothing_to_serve_is_told_of() -> None:
    assert [note.message for note in convert("", "config.yaml", {}, SHIPPED).notes] == [
        "serves no model that this gateway can serve"
    ]


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, 2**32),
    st.sampled_from(["1", "[]", "{}", "null", "true", "-3", "1e400", "[{}]", "x: 1", "''", "[1]"]),
)
def test_whatever_stands_in_it_is_no_accident_and_no_secret_is_shown(seed: int, odd: str) -> None:
    lines = FULL.splitlines()
    chance = random.Random(seed)
    for _ in range(3):
        index = chance.randrange(len(lines))
        lines[index] = re.sub(r"(?<=: )[^{\[].*$", odd, lines[index]) if chance.random() < 0.7 else ""
    text = "\n".join(lines)
    try:
        found = convert(text, "config.yaml", {}, SHIPPED)
    except ConfigInvalid as refused:
        assert "planted" not in str(refused)
        return
    assert "planted" not in text_of(found, "config.yaml", found.unpriced)
