"""Providers: deployments that ask the same address with the same key are one, under a name of its own. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from tornado_gateway.cli.litellm.deployments import Deployment
from tornado_gateway.cli.litellm.document import word


@dataclass(frozen=True, slots=True)
class Named:
    """A deployment, and its provider's name."""

    provider: str
    deployment: Deployment


def name_providers(deployments: Iterable[Deployment]) -> tuple[dict[str, Any], Sequence[Named]]:
    """The section ``providers``, and who is whose. Keys that stand in LiteLLM's file become variables, and a note."""
    entries: dict[str, Any] = {}
    known: dict[tuple[bytes, str | None], str] = {}
    named: list[Named] = []
    used: set[str] = set()
    for each in deployments:
        same = (msgspec.json.encode(each.provider, enc_hook=str), each.secret)
        name = known.get(same)
        if name is None:
            name = known[same] = _free(each.label, entries)
            entry = dict(each.provider)
            if each.secret is not None:
                variable = _free(f"{word(name)}_API_KEY", used)
                entry["api_key"] = f"${{{variable}:-}}"
                message = f"a key that stands in the file is not copied: set {variable}"
                each.part.note(message, "litellm_params", "api_key")
            used.add(str(entry.get("api_key", "")).removeprefix("${").removesuffix(":-}"))
            entries[name] = entry
        named.append(Named(name, each))
    return entries, named


def _free(name: str, taken: Iterable[str]) -> str:
    """``name``, or the first of ``name-2``, ``name-3`` that nobody has; a variable's name has no dash."""
    glue = "_" if name.isupper() else "-"
    others = set(taken)
    number, found = 1, name
    while found in others:
        number += 1
        found = f"{name}{glue}{number}"
    return found
