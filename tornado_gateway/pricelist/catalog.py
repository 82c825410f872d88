"""Catalog: the public price list of the package genai-prices, as it came with it. Nobody is asked over the network."""

from collections.abc import Iterator, Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from tornado_gateway.pricelist.vendors import list_name

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, Provider


class NoCatalog(Exception):
    """The list is not installed: the message says how it comes."""


class Catalog:
    """``version`` is the list's own; its figures are as old as that."""

    def __init__(self, providers: "Sequence[Provider]", version: str) -> None:
        self.version = version
        self._providers = list(providers)

    @property
    def source(self) -> str:
        """What a row says of where its figures are from."""
        return f"genai-prices {self.version}"

    def behind(self, kind: str, vendor: str | None, base_url: str | None) -> "Provider | None":
        """Who the list calls what the file declares under any name of its own; None where nobody asks public prices."""
        name = list_name(kind, vendor, base_url, {each.id: each.api_pattern for each in self._providers})
        return next((each for each in self._providers if each.id == name), None)

    def find(self, provider: "Provider", model: str) -> "ModelInfo | None":
        """The model that the list means by a name: its own rules know aliases and dated names."""
        return provider.find_model(model, all_providers=self._providers)

    def names(self, provider: "Provider", prefix: str) -> Iterator[str]:
        """Names beginning with ``prefix`` that the list knows word by word."""
        others = set(provider.fallback_model_providers or ())
        for each in (provider, *(other for other in self._providers if other.id in others)):
            for model in each.models:
                for name in dict.fromkeys((model.id, *_spelled(model.match))):
                    if name.startswith(prefix) and self.find(provider, name) is model:
                        yield name

    def __iter__(self) -> "Iterator[tuple[Provider, ModelInfo]]":
        for provider in self._providers:
            for model in provider.models:
                yield provider, model


def open_catalog() -> Catalog:
    """The installed list. Raises ``NoCatalog``."""
    try:
        # Here and nowhere else: it takes a second, which no other command need spend.
        from genai_prices.data import providers  # noqa: PLC0415
    except ImportError as error:
        message = "the public price list is not installed: pip install 'tornado-gateway[prices]'"
        raise NoCatalog(message) from error
    return Catalog(providers, version("genai-prices"))


def _spelled(clause: Any) -> Iterator[str]:
    """Whole names in a rule of the list."""
    if hasattr(clause, "equals"):
        yield clause.equals
    for inner in getattr(clause, "or_", ()):
        yield from _spelled(inner)
