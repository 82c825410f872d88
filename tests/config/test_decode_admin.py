from tornado_gateway.config.decode_admin import admin
from tornado_gateway.config.model_admin import AdminSettings


def test_all_of_it() -> None:
    assert admin({"token": "a-token\n", "write": True}) == AdminSettings("a-token", write=True)


def test_what_is_not_said() -> None:
    assert admin({}) == admin({"token": " "}) == AdminSettings()
