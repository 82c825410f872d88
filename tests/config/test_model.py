from tornado_gateway.config.model import EndpointSettings, ProviderSettings

KEY = EndpointSettings(api_key="sk-planted")


def test_no_secret_shows() -> None:
    made = ProviderSettings("a", "openai", endpoints=(KEY,), proxy="http://me:sk-planted@proxy")
    assert "sk-planted" not in repr(made)


def test_who_is_configured() -> None:
    assert not ProviderSettings("a", "openai").configured
    assert ProviderSettings("a", "openai", endpoints=(EndpointSettings(), KEY)).configured
    assert ProviderSettings("a", "echo").configured


def test_the_first_endpoint_speaks_for_the_provider() -> None:
    made = ProviderSettings("a", "openai", endpoints=(EndpointSettings("http://x", "k"), KEY))
    assert (made.base_url, made.api_key) == ("http://x", "k")
    assert (ProviderSettings("a", "openai").base_url, ProviderSettings("a", "openai").api_key) == (None, None)
