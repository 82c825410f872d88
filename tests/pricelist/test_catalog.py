import ast
import sys
from pathlib import Path

import pytest

from tornado_gateway.pricelist import catalog as module
from tornado_gateway.pricelist.catalog import Catalog, NoCatalog, open_catalog


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return open_catalog()


def test_the_list_is_the_installed_one_and_says_which(catalog: Catalog) -> None:
    assert catalog.source == f"genai-prices {catalog.version}"
    assert {"openai", "anthropic", "google", "mistral", "groq", "deepseek", "x-ai"} <= {each.id for each, _ in catalog}


def test_names_that_the_list_knows_by_rule(catalog: Catalog) -> None:
    openai = catalog.behind("openai", None, None)
    assert openai is not None
    found = catalog.find(openai, "gpt-4-0613")
    assert found is not None
    assert found.id == "gpt-4"
    assert catalog.find(openai, "no-such-model") is None


def test_names_word_by_word_and_those_of_whom_a_provider_stands_in_for(catalog: Catalog) -> None:
    openai, azure = catalog.behind("openai", None, None), catalog.behind("azure_openai", None, None)
    assert openai is not None
    assert azure is not None
    names = list(catalog.names(openai, "gpt-4-"))
    assert {"gpt-4-0613", "gpt-4-turbo", "gpt-4-turbo-2024-04-09"} <= set(names)
    assert all(name.startswith("gpt-4-") for name in names)
    assert "gpt-4o" in set(catalog.names(azure, "gpt-4o"))


def test_without_the_extra_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "genai_prices.data", None)
    with pytest.raises(NoCatalog, match=r"pip install 'tornado-gateway\[prices\]'"):
        open_catalog()


def test_no_command_pays_for_the_list_that_does_not_ask_it() -> None:
    for path in Path(module.__file__).parents[1].rglob("*.py"):
        for node in ast.parse(path.read_text()).body:
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert not any(name.startswith("genai_prices") for name in names), path
