from tornado_gateway.storage.memory_keys import MemoryKeyStore


def test_what_one_knows_the_other_does_not() -> None:
    one = MemoryKeyStore()
    one.revoke("nobody", None)  # type: ignore[arg-type]
    assert (one.version(), MemoryKeyStore().version()) == ("1", "0")
    one.close()
