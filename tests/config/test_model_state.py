from tornado_gateway.config.model_state import StateSettings


def test_memory_is_shared_with_nobody() -> None:
    assert not StateSettings().shared
    assert StateSettings("redis://host").shared


def test_a_password_is_shown_to_nobody() -> None:
    assert "planted" not in repr(StateSettings("redis://:planted@host"))
