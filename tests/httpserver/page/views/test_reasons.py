from tornado_gateway.domain.policies import FALLBACK_KINDS, USUAL_KINDS
from tornado_gateway.httpserver.page.views.reasons import reasons


def test_only_what_is_unusual_is_said() -> None:
    assert reasons(USUAL_KINDS) == ""
    assert reasons(FALLBACK_KINDS) == ", on any failure"
    assert reasons(["timeout", "context_length"]) == ", on context length, timeout"
