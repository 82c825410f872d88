from tornado_gateway.config.decode_ledger import ledger
from tornado_gateway.config.model_ledger import LedgerSettings


def test_all_of_it() -> None:
    said = {
        "url": "postgresql://db/usage\n",
        "flush_interval": 1,
        "retention_days": 90,
        "journal": "/var/spool/gateway",
    }
    assert ledger(said) == LedgerSettings("postgresql://db/usage", 1.0, 90, "/var/spool/gateway")


def test_what_is_not_said() -> None:
    assert ledger({}) == LedgerSettings()
    assert ledger({"retention_days": 1}).url == "none"
    assert ledger({"url": "none", "journal": ""}).journal is None
