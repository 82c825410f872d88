from tornado_gateway.domain.paths import key_path


def test_key_path() -> None:
    assert key_path(()) == ""
    assert key_path(("a", 0, 1, "b")) == "a[0][1].b"
    assert key_path(("messages", 0, "content", 1, "text")) == "messages[0].content[1].text"
