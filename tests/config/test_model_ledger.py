from tornado_gateway.config.model_ledger import LedgerSettings


def test_no_password_shows() -> None:
    assert "planted" not in repr(LedgerSettings("postgresql://me:planted@db/usage"))


def test_without_the_section_nothing_is_kept() -> None:
    assert LedgerSettings().url == "none"
