from tests.support import ScriptedProvider, served


def test_a_provider_without_a_key_has_nobody_to_ask() -> None:
    assert not served(ScriptedProvider(configured=False)).configured
    mixed = served(ScriptedProvider(configured=False), ScriptedProvider())
    assert mixed.configured
    assert [endpoint.key for endpoint in mixed.endpoints] == [("openai", 1)]
