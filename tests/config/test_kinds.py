from typing import Any, cast

import httpx

from tornado_gateway.config.kinds import KINDS
from tornado_gateway.config.schema import load_schema
from tornado_gateway.domain.ports import Clock
from tornado_gateway.providers.registry import ProviderRegistry


def test_the_kinds_are_those_of_the_schema_with_all_their_keys() -> None:
    properties: dict[str, Any] = load_schema()["$defs"]["provider"]["properties"]
    assert properties["kind"]["enum"] == list(KINDS)
    assert {"kind"}.union(*(kind.keys for kind in KINDS.values())) == set(properties)


def test_every_kind_has_an_adapter() -> None:
    registry = ProviderRegistry(httpx.MockTransport(lambda request: httpx.Response(200)), cast(Clock, None))
    assert set(KINDS) == set(registry.kinds)
