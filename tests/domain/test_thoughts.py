import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornado_gateway.domain.chat import Reasoning
from tornado_gateway.domain.thoughts import PREFIX, Seal, seal, seal_of, thought_of, unseal

texts = st.none() | st.text()


@given(st.builds(Reasoning, text=st.text(), signature=texts, redacted=texts, id=texts, origin=texts))
def test_a_thought_comes_back_as_it_was(thought: Reasoning) -> None:
    sealed = unseal(seal_of(thought))
    assert sealed is not None
    assert thought_of(sealed, thought.text) == thought


def test_a_signature_of_a_call_is_told_apart() -> None:
    assert unseal(seal(Seal(origin="gemini", signature="s", call_id="c1"))) == Seal("gemini", "s", call_id="c1")


@pytest.mark.parametrize("text", ["", "EqQBCgIYAhIM", PREFIX + "%", PREFIX + "bm8=", PREFIX + "äh", PREFIX + "e30"])
def test_what_is_no_seal_is_none(text: str) -> None:
    assert unseal(text) is None
