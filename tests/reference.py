"""docs/reference.md, made of the schema. ``python -m tests.reference`` writes it anew."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tornado_gateway.config.schema import settled

ROOT = Path(__file__).resolve().parents[1]
SCHEMA = ROOT / "schema" / "gateway.schema.json"
PAGE = ROOT / "docs" / "reference.md"

_HEAD = """\
# gateway.yaml, key by key
<!-- Made of schema/gateway.schema.json by `make docs`: change the descriptions there. -->
What to do with it is in [configuration.md](configuration.md). Keys that are not here are refused, at every level. A
key in **bold** must be said.
`NAME` stands for a name of your own, `[]` for each entry of a list.
"""
_TYPES = {
    "string": "text",
    "integer": "integer",
    "number": "number",
    "boolean": "true or false",
    "object": "mapping",
    "array": "list",
}

_IN_WORDS = {"name_of_provider": "a provider's name"}
"""Parts too small for a section."""

Schema = dict[str, Any]


def page(schema: Schema) -> str:
    """Sections of the file as they stand in the schema, then what several of them are made of."""
    parts = [_HEAD, _text(schema["description"]) + "\n"]
    required = schema["required"]
    plain = {name: each for name, each in schema["properties"].items() if "properties" not in each}
    parts += _section("The file", "", {"properties": plain, "required": required})
    for name, each in schema["properties"].items():
        if name not in plain:
            parts += _section(f"Section {name}", f"{name}.", each)
    parts.append("# Parts\nMappings that stand at several places, or are long.\n")
    for name, each in schema["$defs"].items():
        if name not in _IN_WORDS:
            parts += _section(name, "", each)
    return "\n".join(parts)


def _section(title: str, prefix: str, schema: Schema) -> Iterator[str]:
    yield f"## {title}"
    if "description" in schema:
        yield f"{_text(schema['description'])}\n"
    if "properties" in schema:
        yield "| key | what it takes | default | |\n|---|---|---|---|"
        yield from _rows(prefix, schema)
    else:
        yield f"Takes: {takes(schema)}."
    yield ""


def _rows(prefix: str, schema: Schema) -> Iterator[str]:
    required = schema.get("required", ())
    for name, each in schema.get("properties", {}).items():
        key = f"`{prefix}{name}`"
        shown = f"**{key}**" if name in required else key
        default = f"`{json.dumps(each['default'])}`" if "default" in each else ""
        yield f"| {shown} | {takes(each)} | {default} | {_text(each.get('description', ''))} |"
        yield from _below(f"{prefix}{name}", each)


def _below(path: str, schema: Schema) -> Iterator[str]:
    yield from _rows(f"{path}.", schema)
    items = schema.get("items", {})
    yield from _rows(f"{path}[].", items)


def takes(schema: Schema) -> str:
    """In a reader's words: what a value may be."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return _IN_WORDS.get(name) or f"[{name}](#{name})"
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return ", ".join(f"`{word}`" for word in schema["enum"])
    if "if" in schema:  # one of a thing, or a list of it
        return f"{takes(schema['else'])} or list of {takes(schema['then']['items'])}"
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return " or ".join(_one(name, schema) for name in types)


def _one(name: str, schema: Schema) -> str:
    if name == "array":
        return f"list of {takes(schema['items'])}" if "items" in schema else "list"
    if name == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"mapping of NAME to {takes(schema['additionalProperties'])}"
    if name in {"integer", "number"}:
        return f"{_TYPES[name]}{_bounds(schema)}"
    words = _words(schema.get("pattern", "")) if name == "string" else []
    return " or ".join(f"`{word}`" for word in words) or _TYPES[name]


def _words(pattern: str) -> list[str]:
    """``auto`` of ``^auto$``, each of ``^p(50|90)$``; none of a pattern that stands for any number of texts."""
    found = re.fullmatch(r"\^(\w*)(?:\((\w+(?:\|\w+)*)\))?\$", pattern)
    return [found[1] + end for end in (found[2] or "").split("|")] if found else []


def _bounds(schema: Schema) -> str:
    least, most = schema.get("minimum"), schema.get("maximum")
    above = schema.get("exclusiveMinimum")
    if above is not None:
        return f", more than {above}" + ("" if most is None else f", at most {most}")
    if least is not None and most is not None:
        return f", {least} to {most}"
    if least is not None:
        return f", {least} or more"
    return "" if most is None else f", at most {most}"


def _text(description: str) -> str:
    """As it may stand in a cell."""
    return description.replace("|", "\\|").replace("*", "\\*").replace("<", "&lt;")


if __name__ == "__main__":
    PAGE.write_text(page(settled(json.loads(SCHEMA.read_text()))))
