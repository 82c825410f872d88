from tornado_gateway.config.model import ProviderSettings


def test_a_key_never_shows() -> None:
    assert "sk-planted" not in repr(ProviderSettings("a", "openai", api_key="sk-planted"))


def test_who_is_configured() -> None:
    assert not ProviderSettings("a", "openai").configured
    assert ProviderSettings("a", "openai", api_key="x").configured
    assert ProviderSettings("a", "echo").configured
