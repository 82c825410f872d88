import pytest

from tests.support import NOW
from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.httpserver.dialects.completions import CompletionsForm
from tornado_gateway.httpserver.dialects.native import Native
from tornado_gateway.httpserver.dialects.openai_legacy import OpenAILegacy

NATIVE, LEGACY = Native(lambda: NOW), OpenAILegacy()
FORM = CompletionsForm(native=NATIVE, legacy=LEGACY)


def test_the_body_tells_the_form() -> None:
    assert FORM.pick(b'{"messages": []}') is NATIVE
    assert FORM.pick(b'{"prompt": ""}') is LEGACY


@pytest.mark.parametrize("body", [b"{}", b'{"messages":[],"prompt":""}', b"[]", b"{"])
def test_both_or_neither_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        FORM.pick(body)
