from tornado_gateway.config.decode_state import state, webhooks
from tornado_gateway.config.model_state import StateSettings
from tornado_gateway.domain.webhooks import Webhook


def test_without_a_word_it_is_memory() -> None:
    assert state({}) == state({"state": None}) == StateSettings("memory://", "local", 0.25)


def test_a_redis() -> None:
    said = {"url": "redis://host:6379/0\n", "fail": "closed", "timeout": 1}
    assert state({"state": said}) == StateSettings("redis://host:6379/0", "closed", 1.0)


def test_webhooks() -> None:
    assert webhooks({}) == ()
    assert webhooks({"webhooks": [{"url": "https://a.example/x"}]}) == (Webhook("https://a.example/x"),)
    said = {"url": "https://a.example/x", "events": ["budget_threshold"], "secret": "s\n"}
    assert webhooks({"webhooks": [said]}) == (Webhook("https://a.example/x", frozenset({"budget_threshold"}), "s"),)
    assert webhooks({"webhooks": [{"url": "https://a.example/x", "secret": " "}]})[0].secret is None
