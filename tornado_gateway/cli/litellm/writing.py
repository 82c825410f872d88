"""A converted file as text: what has no counterpart at its head, then one section after the other. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tornado_gateway.cli.litellm.conversion import Conversion, Unpriced
from tornado_gateway.pricelist.wording import WIDTH, broken, flow, key

_SCHEMA = "# yaml-language-server: $schema=schema/gateway.schema.json"
_ROWS = ("providers", "routes")
"""Sections with a line an entry."""


def text_of(conversion: Conversion, source: str, missing: Sequence[Unpriced]) -> str:
    """``missing`` are the models that nobody knows a price of: their rows stand there as comments, to be filled in."""
    lines = [_SCHEMA, "#", f"# Made of {source} by tornado-gateway import litellm."]
    if conversion.notes:
        lines += ["# What is otherwise here, or has no counterpart:", *(f"#   {note}" for note in conversion.notes)]
    for section, value in conversion.document.items():
        lines += ["", *_section(section, value, missing)] if isinstance(value, Mapping) else [f"{section}: {value}"]
    return "\n".join(lines) + "\n"


def _section(name: str, value: Mapping[str, Any], missing: Sequence[Unpriced]) -> Iterator[str]:
    if name == "pricing":
        yield f"{name}:"
        yield from (f"  {key(member)}: {flow(value[member])}" for member in value if member != "models")
        yield "  models:" if value["models"] else "  models: {}"
        yield from _entries(value["models"], 4)
        yield from (f"    # {key(f'{each.provider}/{each.model}')}: {{input: ?, output: ?}}" for each in missing)
    elif name in _ROWS:
        yield f"{name}:"
        yield from _entries(value, 2)
    else:
        whole = f"{name}: {flow(value)}"
        yield from [whole] if len(whole) <= WIDTH else [f"{name}:", *_entries(value, 2)]


def _entries(entries: Mapping[str, Any], indent: int) -> Iterator[str]:
    margin = " " * indent
    for name, value in entries.items():
        whole = f"{margin}{key(name)}: {flow(value)}"
        if len(whole) <= WIDTH or not isinstance(value, Mapping | list):
            yield whole
        elif isinstance(value, Mapping):
            yield f"{margin}{key(name)}:"
            yield f"{margin}  {broken(_short(value), indent + 2)}"
        else:
            yield f"{margin}{key(name)}:"
            yield from (f"{margin}  - {broken(each, indent + 4)}" for each in value)


def _short(value: Mapping[str, Any]) -> dict[str, Any]:
    """Fallbacks on one line: ``broken`` gives each entry of a list one of its own."""
    return {name: tuple(member) if name == "fallbacks" else member for name, member in value.items()}
