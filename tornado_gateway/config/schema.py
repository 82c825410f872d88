"""The schema, and its complaints in an operator's words."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from functools import cache
from importlib import resources
from pathlib import Path as FilePath
from typing import Any

import msgspec
from jsonschema import Draft202012Validator
from jsonschema.validators import extend

from tornado_gateway.config.problems import Problem
from tornado_gateway.config.source import SHOWN, Expanded, Path, Source, coerce
from tornado_gateway.domain.nearest import did_you_mean

_SCHEMA_FILE = "gateway.schema.json"
_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_REFERENCE = r"\$\{"
_WORDS = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
}


def packaged_default() -> FilePath:
    """The default file that the package carries (in a source checkout: the repository's own)."""
    return _data("gateway.yaml", "")


def _data(name: str, folder: str) -> FilePath:
    packaged = FilePath(str(resources.files("tornado_gateway.config"))) / "data" / name
    if packaged.exists():
        return packaged
    return FilePath(__file__).resolve().parents[2] / folder / name


@cache
def load_schema() -> dict[str, Any]:
    """``gateway.schema.json`` for values whose references were followed, its numbers as exact as those of the files
    that they bound."""
    document: dict[str, Any] = settled(_DECODER.decode(_data(_SCHEMA_FILE, "schema").read_bytes()))
    return document


def settled(schema: Any) -> Any:
    """The schema without what it allows for an editor's sake, which sees the file as it is written: ``"${PORT:-8080}"``
    where a number is wanted, and ``a,b`` for a list."""
    if isinstance(schema, list):
        return [settled(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("anyOf", [])[1:] == [{"pattern": _REFERENCE}]:
        schema = {**schema, **schema["anyOf"][0]}
        del schema["anyOf"]
    made = {name: settled(each) for name, each in schema.items()}
    if made.get("pattern") == _REFERENCE or made.get("type") == ["array", "string"]:
        made.pop("pattern", None)
        made["type"] = next(kind for kind in made["type"] if kind != "string")
    elif isinstance(made.get("pattern"), str):
        made["pattern"] = made["pattern"].removesuffix(f"|{_REFERENCE}")
    return made


def settle_types(source: Source) -> None:
    """Gives what came from the environment the type that the schema wants, and a lone text a list's form."""
    source.value = _settle(source.value, load_schema())


def _settle(value: Any, schema: dict[str, Any]) -> Any:
    schema = _branch(_resolved(schema), value)
    kinds = _kinds(schema)
    if isinstance(value, str) and (kinds == ("array",) or isinstance(value, Expanded)):
        return next((made for kind in kinds if not isinstance(made := coerce(value, kind), str)), str.__str__(value))
    if isinstance(value, dict):
        known = schema.get("properties", {})
        rest = schema.get("additionalProperties")
        return {
            name: _settle(item, known.get(name, rest if isinstance(rest, dict) else {})) for name, item in value.items()
        }
    if isinstance(value, list):
        items = schema.get("items", {})
        return [_settle(item, items) for item in value]
    return value


def _kinds(schema: dict[str, Any]) -> tuple[str, ...]:
    kind = schema.get("type", ())
    return (kind,) if isinstance(kind, str) else tuple(kind)


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    found: dict[str, Any] = load_schema()["$defs"][reference.rsplit("/", 1)[1]]
    return found


def _branch(schema: dict[str, Any], value: Any) -> dict[str, Any]:
    """The side of an ``if`` that ``value`` is on: the schema's own ask whether it is a list."""
    if "else" not in schema or not isinstance(value, dict | list):
        return schema
    branch: dict[str, Any] = schema["then" if isinstance(value, list) else "else"]
    return _resolved(branch)


def _is_number(_checker: Any, value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


_CHECKER = Draft202012Validator.TYPE_CHECKER.redefine("number", _is_number)


def validate(source: Source) -> Iterator[Problem]:
    """All that the schema finds."""
    validator_class: Any = extend(  # type: ignore[no-untyped-call]
        Draft202012Validator, type_checker=_CHECKER
    )
    told: set[Path] = set()
    # One value may fail several words of the schema: what it may be says more than which type it has.
    errors = sorted(
        validator_class(load_schema()).iter_errors(source.value), key=lambda error: error.validator == "type"
    )
    for error in errors:
        for problem in _problems(error, source):
            if error.validator not in ("additionalProperties", "required"):
                if problem.path in told:
                    continue
                told.add(problem.path)
            yield problem


def _problems(error: Any, source: Source) -> Iterator[Problem]:
    path: Path = tuple(error.absolute_path)
    secret = any(path[:length] in source.secret for length in range(1, len(path) + 1))
    match error.validator:
        case "additionalProperties":
            known = error.schema["properties"]
            for name in error.instance:
                if name not in known:
                    yield source.problem((*path, name), f"no such key{did_you_mean(name, known)}", key=True)
        case "required":
            missing = [name for name in error.validator_value if name not in error.instance]
            # jsonschema raises one error for each missing name: its message begins with it.
            name = next((name for name in missing if error.message.startswith(repr(name))), missing[0])
            yield replace(source.problem(path, f"the key {name!r} is missing", key=bool(path)), missing=True)
        case _ if error.parent is None and "propertyNames" in error.absolute_schema_path:
            name = str(error.instance)
            yield source.problem((*path, name), _name_message(error), key=True)
        case _:
            yield source.problem(path, _message(error, secret=secret))


def _name_message(error: Any) -> str:
    return f"{error.instance!r} is no good name: expected {error.schema['description'].rstrip('.').lower()}"


def _message(error: Any, *, secret: bool) -> str:
    value, wanted = "what its file holds" if secret else _shown(error), error.validator_value
    match error.validator:
        case "type":
            words = {**_WORDS, "boolean": "false"} if "then" in error.schema else _WORDS
            kinds = [wanted] if isinstance(wanted, str) else wanted
            return f"expected {' or '.join(words[kind] for kind in kinds)}, not {value}"
        case "enum":
            names = ", ".join(wanted)
            near = did_you_mean(error.instance, wanted) if isinstance(error.instance, str) and not secret else ""
            return f"expected one of {names}, not {value}{near}"
        case "const":
            return f"expected {'false' if wanted is False else wanted}, not {value}"
        case "minimum":
            return f"must be at least {wanted}, not {value}"
        case "exclusiveMinimum":
            return f"must be more than {wanted}, not {value}"
        case "maximum":
            return f"must be at most {wanted}, not {value}"
        case "minLength":
            return "must not be empty"
        case "minItems" | "minProperties":
            return "must hold at least one entry"
        case "pattern":
            return f"{value} does not have the right form: {error.schema['description']}"
    return "does not have the right form" if secret else str(error.message)


def _shown(error: Any) -> str:
    value = error.instance
    name = error.absolute_path[-1] if error.absolute_path else None
    hidden = name in ("api_key", "secret", "sha256", "token") or next(iter(error.absolute_path), None) == "webhooks"
    hidden = hidden or "headers" in list(error.absolute_path)[:-1]
    if hidden or (name in ("base_url", "proxy", "url", "jwks_url", "endpoint") and "@" in str(value)):
        if isinstance(value, str):
            return "the text that is there"
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            return "a number"
    if isinstance(value, str) and error.validator == "type" and error.validator_value == "object":
        return "a text"  # a key that somebody put where its provider belongs
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
