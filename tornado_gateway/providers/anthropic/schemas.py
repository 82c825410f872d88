"""JSON Schemas as Anthropic's structured output takes them. Pure.

Wire: Anthropic API documentation, "Structured outputs": every object must say ``additionalProperties: false``.
"""

from typing import Any

_OF_SCHEMAS = ("properties", "$defs", "definitions")
_LISTS = ("anyOf", "allOf", "oneOf", "prefixItems")


def closed(schema: Any) -> Any:
    """``schema`` with every object that leaves it open closed: what fits the result fits ``schema``."""
    if not isinstance(schema, dict):
        return schema
    out = dict(schema)
    for name in _OF_SCHEMAS:
        if isinstance(out.get(name), dict):
            out[name] = {key: closed(value) for key, value in out[name].items()}
    for name in _LISTS:
        if isinstance(out.get(name), list):
            out[name] = [closed(value) for value in out[name]]
    if "items" in out:
        out["items"] = closed(out["items"])
    if "properties" in out and "additionalProperties" not in out:
        out["additionalProperties"] = False
    return out
