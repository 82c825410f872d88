from tornado_gateway.config.model_admin import AdminSettings


def test_no_token_shows_and_nothing_is_on_by_itself() -> None:
    assert "planted" not in repr(AdminSettings("planted", write=True))
    assert AdminSettings() == AdminSettings("", write=False)
