from tornado_gateway.reports.groups import document, joined, ledger_names


def test_names_for_programs() -> None:
    assert document(["model", "tag:team"], ("a/m", None)) == {"model": "a/m", "tag:team": None}


def test_a_ledger_tells_models_from_their_providers() -> None:
    by = ["key", "model", "day"]
    assert ledger_names(by) == ["key", "provider", "model", "day"]
    assert joined(by, ("k", "openai", "gpt-4", "2026-01-31")) == ("k", "openai/gpt-4", "2026-01-31")
