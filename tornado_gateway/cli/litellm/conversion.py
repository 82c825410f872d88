"""A LiteLLM proxy's file as a gateway.yaml would say it, and what of it has no counterpart. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tornado_gateway.cli.litellm.deployments import deployments
from tornado_gateway.cli.litellm.document import Part, open_document
from tornado_gateway.cli.litellm.providers import Named, name_providers
from tornado_gateway.cli.litellm.routes import add_aliases, add_fallbacks, aliases_of, make_routes
from tornado_gateway.cli.litellm.settings import access_of, add_cache, defaults_of, leave, state_of
from tornado_gateway.cli.litellm.shipped import shipped_rows
from tornado_gateway.config.problems import Problem

_PORT = 4000
"""LiteLLM's own, so that clients need no other address."""


@dataclass(frozen=True, slots=True)
class Unpriced:
    """A row that is missing: ``provider``'s model, ``listed`` under another name in price lists."""

    provider: str
    model: str
    listed: str


@dataclass(frozen=True, slots=True)
class Conversion:
    """``document`` has gateway.yaml's sections, in the order of the file. ``unpriced`` is what no price is said for."""

    document: dict[str, Any]
    notes: tuple[Problem, ...]
    unpriced: tuple[Unpriced, ...]


def convert(text: str, name: str, environ: Mapping[str, str], shipped: Mapping[str, Any]) -> Conversion:
    """``environ`` is for the master key's hash alone, ``shipped`` the values of a gateway.yaml with prices. Raises
    ``ConfigInvalid`` where the text is no YAML."""
    notes: list[Problem] = []
    file = open_document(text, name, notes)
    router, library, general = (file.part(each) for each in ("router_settings", "litellm_settings", "general_settings"))
    cache = library.part("cache_params")
    providers, named = name_providers(deployments(file.parts("model_list"), defaults_of(router, library)))
    if not named:
        file.note("serves no model that this gateway can serve")
    routes = make_routes(named, router)
    aliases = aliases_of(routes, router)
    add_fallbacks(routes, (router, library), aliases)
    state = state_of(router, cache)
    add_cache(routes, library, cache)
    add_aliases(routes, aliases)
    rows, unpriced = _prices(named, providers, shipped)
    document = {
        "version": 1,
        "server": {"host": "${SERVER_HOST:-127.0.0.1}", "port": f"${{SERVER_PORT:-{_PORT}}}"},
        **access_of(general, environ),
        **state,
        "providers": providers,
        "routes": routes,
        "pricing": {"unit": "per_1k_tokens", "currency": "USD", "models": rows},
    }
    _variables(file)
    leave(router, library, general, file)
    return Conversion(document, tuple(sorted(notes, key=lambda note: note.position)), tuple(unpriced))


def _prices(
    named: Sequence[Named], providers: Mapping[str, Any], shipped: Mapping[str, Any]
) -> tuple[dict[str, Any], list[Unpriced]]:
    """One row for each model of a provider; of two that differ the first counts, and the other is told of. What the
    file says of a model goes before what is shipped."""
    rows: dict[str, Any] = {}
    spare: dict[str, Any] = {}
    unpriced: dict[str, Unpriced] = {}
    for each in named:
        model, card = each.deployment.model, each.deployment.card
        row = f"{each.provider}/{model}"
        if card is not None:
            if rows.setdefault(row, card) != card:
                each.deployment.part.note(f"another price than before for {row}: the first one counts")
        elif "*" in model:
            found = {
                f"{each.provider}/{of}": card for of, card in shipped_rows(shipped, providers[each.provider], model)
            }
            spare |= found
            there = f": the {len(found)} that are shipped stand there, and others are" if found else ", and"
            each.deployment.part.note(
                f"models of a pattern are priced by rows {row.partition('*')[0]}NAME{there} refused without one"
            )
        else:
            unpriced.setdefault(row, Unpriced(each.provider, model, each.deployment.priced_as))
    for row, card in spare.items():
        rows.setdefault(row, card)
    return rows, [each for row, each in unpriced.items() if row not in rows]


def _variables(file: Part) -> None:
    variables = file.part("environment_variables")
    for name in list(variables.members()):
        variables.take(name)
        variables.note("set it in the environment", name)
