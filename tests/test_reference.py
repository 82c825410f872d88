"""docs/reference.md is what the schema says, and its links lead somewhere."""

import json
import re
from collections.abc import Iterator
from typing import Any

from tornado_gateway.config.schema import settled

from .reference import PAGE, SCHEMA, page, takes


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text() == page(settled(json.loads(SCHEMA.read_text()))), "run make docs"


def test_every_key_is_on_it_with_a_word() -> None:
    text = PAGE.read_text()
    for name, description in described(settled(json.loads(SCHEMA.read_text()))):
        assert re.search(rf"`(?:[\w.\[\]]*\.)?{name}`|^## Section {name}$", text, re.MULTILINE), name
        assert description, name


def test_its_links_lead_somewhere() -> None:
    text = PAGE.read_text()
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    assert len(titles) == len(set(titles))
    assert set(re.findall(r"\(#(\w+)\)", text)) <= set(titles)


def test_what_a_value_may_be_is_said_in_words() -> None:
    assert takes({"type": "integer", "minimum": 1, "maximum": 9}) == "integer, 1 to 9"
    assert takes({"type": "number", "exclusiveMinimum": 0}) == "number, more than 0"
    assert takes({"type": ["boolean", "string"], "pattern": "^auto$"}) == "true or false or `auto`"
    assert takes({"type": "string", "pattern": "^p(50|99)$"}) == "`p50` or `p99`"
    assert takes({"type": "string", "pattern": "^[a-z]+$"}) == "text"
    assert takes({"type": "array", "items": {"$ref": "#/$defs/key"}}) == "list of [key](#key)"
    assert takes({"type": "object", "additionalProperties": {"type": "string"}}) == "mapping of NAME to text"


def described(schema: Any) -> Iterator[tuple[str, str]]:
    """Each key of the file, and what is said of it or of what it refers to."""
    if isinstance(schema, dict):
        for name, each in schema.get("properties", {}).items():
            yield name, each.get("description") or each.get("$ref", "")
        for each in schema.values():
            yield from described(each)
