import sqlite3

from tornado_gateway.storage.key_schema import KEYS


def test_there_is_no_place_for_a_key() -> None:
    connection = sqlite3.connect(":memory:")
    for statements in KEYS:
        for statement in statements:
            connection.execute(statement)
    columns = [name for _, name, *_ in connection.execute("PRAGMA table_info(gateway_keys)")]
    assert columns == ["sha256", "id", "prefix", "created_at", "expires_at", "revoked_at", "settings"]
    assert connection.execute("SELECT count(*) FROM gateway_keys_version").fetchone() == (1,)
    connection.close()
