import random
import re
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tornado_gateway.cli.litellm.conversion import Unpriced, convert
from tornado_gateway.cli.litellm.writing import text_of
from tornado_gateway.config.problems import ConfigInvalid

FULL = (Path(__file__).parent / "files" / "full.yaml").read_text()


def test_the_sections_are_those_of_gateway_yaml() -> None:
    found = convert(FULL, "full.yaml", {})
    assert list(found.document) == [
        "version", "server", "auth", "ledger", "state", "providers", "routes", "pricing",
    ]  # fmt: skip
    assert found.unpriced == (Unpriced("azure", "gpt-4o-eu", "gpt-4o"),)
    assert [note.position for note in found.notes] == sorted(note.position for note in found.notes)


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
    )
    assert [str(note).split(": ", 2)[2] for note in found.notes] == [
        "another price than before for openai/x: the first one counts"
    ]
    assert found.unpriced == ()


def test_nothing_to_serve_is_told_of() -> None:
    assert [note.message for note in convert("", "config.yaml", {}).notes] == [
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
        found = convert(text, "config.yaml", {})
    except ConfigInvalid as refused:
        assert "planted" not in str(refused)
        return
    assert "planted" not in text_of(found, "config.yaml", found.unpriced)
