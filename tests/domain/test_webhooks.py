from tornado_gateway.domain.webhooks import BUDGET_THRESHOLD, Webhook


def test_what_is_told_unless_said_otherwise() -> None:
    assert Webhook("https://a.example").events == {BUDGET_THRESHOLD}


def test_neither_address_nor_secret_is_shown() -> None:
    assert "planted" not in repr(Webhook("https://a.example/planted", secret="planted"))
