import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from tornado_gateway.config.schema import load_schema, packaged_default, settle_types, validate
from tornado_gateway.config.source import read
from tornado_gateway.domain.policies import FALLBACK_KINDS


def objects(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
        for value in schema.values():
            yield from objects(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from objects(value)


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(json.loads(json.dumps(load_schema(), default=float)))


def test_a_bound_that_is_no_whole_number_is_met_exactly() -> None:
    for interval, told in (("0.02", []), ("0.019", ["must be at least 0.02, not 0.019"])):
        text = packaged_default().read_text().replace("ledger:\n", f"ledger:\n  flush_interval: {interval}\n", 1)
        source = read(text, "gateway.yaml", {})
        settle_types(source)
        assert [problem.message for problem in validate(source)] == told


def test_every_property_is_described_and_unknown_keys_are_refused_at_every_level() -> None:
    for schema in objects(load_schema()):
        for name, inner in schema.get("properties", {}).items():
            if isinstance(inner, dict) and "$ref" not in inner:
                assert inner.get("description"), name
        if schema.get("type") == "object":
            assert "additionalProperties" in schema
            assert schema["additionalProperties"] is not True


def test_the_packaged_default_has_no_problem() -> None:
    source = read(packaged_default().read_text(), "gateway.yaml", {})
    settle_types(source)
    assert not source.problems
    assert not list(validate(source))
    assert source.value["server"]["port"] == 8080
    assert source.value["cors"]["allowed_origins"] == ["*"]
    assert source.value["cors"]["allow_credentials"] is True


def test_a_decimal_is_a_number_and_no_integer() -> None:
    text = "version: 1\nserver: {read_timeout: 1.5, port: 1.5}"
    messages = [str(problem) for problem in validate(read(text, "f", {}))]
    assert any("server.port: expected a whole number, not 1.5" in message for message in messages)
    assert not any("read_timeout" in message for message in messages)


def test_only_what_came_from_outside_changes_its_type() -> None:
    source = read('server: {port: "8080", max_body_bytes: "${N}", read_timeout: "${T}"}', "f", {"N": "7", "T": "0.5"})
    settle_types(source)
    assert source.value["server"] == {"port": "8080", "max_body_bytes": 7, "read_timeout": Decimal("0.5")}


def test_kinds_of_failure_are_those_of_the_domain() -> None:
    named = load_schema()["$defs"]["fallback"]["properties"]["on"]["items"]["enum"]
    assert sorted(named) == sorted(FALLBACK_KINDS)


def test_what_came_from_outside_takes_the_one_of_several_types_that_it_can_be() -> None:
    text = """
providers: {a: {kind: openai, breaker: "${B}", proxy: "${P}"}}
routes:
  r: {hedge: {after: "${S}"}, fallbacks: "${F}"}
  s: {hedge: {after: "${Q}"}, fallbacks: ["${B}"]}
"""
    source = read(text, "f", {"B": "false", "P": "", "S": "1.5", "Q": "p95", "F": "s, t"})
    settle_types(source)
    assert source.value["providers"]["a"] == {"kind": "openai", "breaker": False, "proxy": ""}
    assert source.value["routes"]["r"] == {"hedge": {"after": Decimal("1.5")}, "fallbacks": ["s", "t"]}
    assert source.value["routes"]["s"] == {"hedge": {"after": "p95"}, "fallbacks": ["false"]}


def as_an_editor_sees_it(text: str) -> list[str]:
    """The schema's own complaints of a file whose references nobody follows."""
    schema = json.loads((Path(__file__).parents[2] / "schema" / "gateway.schema.json").read_text())
    errors = Draft202012Validator(schema).iter_errors(yaml.safe_load(text))
    return [".".join(map(str, error.absolute_path)) for error in errors]


def test_an_editor_takes_references_where_the_gateway_does() -> None:
    shipped = packaged_default().read_text()
    assert as_an_editor_sees_it(shipped) == []
    more = 'server: {port: "${P}", workers: "${W:-auto}", read_timeout: "${T}"}\nlog: {level: "${L:-INFO}"}\n'
    assert as_an_editor_sees_it("version: 1\n" + more) == ["", "", ""]  # what must be there is not, and nothing more
    wrong = 'server: {port: "80", workers: two, read_timeout: x}\nlog: {level: LOUD}\n'
    assert as_an_editor_sees_it("version: 1\n" + wrong)[3:] == [
        "server.port",
        "server.read_timeout",
        "server.workers",
        "log.level",
    ]
