from tornado_gateway.config.model_otel import OtelSettings


def test_no_credential_shows() -> None:
    assert "planted" not in repr(OtelSettings("http://c/planted", {"authorization": "planted"}))


def test_without_the_section_nothing_is_sent_and_no_prompt_is_ever_captured_unasked() -> None:
    settings = OtelSettings()
    assert (settings.endpoint, settings.capture_content) == (None, False)
