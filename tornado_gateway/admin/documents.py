"""Answers of the admin API as JSON: amounts are numbers with all their digits."""

from collections.abc import Mapping
from typing import Any

import msgspec

from tornado_gateway.domain.administration import Told


def told(document: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Told:
    return Told(msgspec.json.encode(document), status, tuple((headers or {}).items()))


def problem_at_the_beginning(message: str) -> dict[str, Any]:
    """Of the whole file."""
    return {"line": 1, "column": 1, "path": "", "message": message, "severity": "error"}
