"""Where recorded exchanges lie, as test parameters; skipped with a word where there are none."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).parents[2]
ROOTS = (
    Path(os.environ.get("GATEWAY_RECORDED", REPOSITORY.parent / "shared" / "recorded")),
    Path(os.environ.get("GATEWAY_RECORDED_EDGE", REPOSITORY.parent / "shared" / "recorded-edge")),
)


def cases(pattern: str, wanted: Callable[[Path], bool] = lambda case: True) -> list[Any]:
    paths = sorted(path.parent for root in ROOTS if root.is_dir() for path in root.glob(pattern))
    found = [path for path in paths if wanted(path)]
    if not found:
        skip = pytest.mark.skip(reason="no recorded exchanges here: set GATEWAY_RECORDED and GATEWAY_RECORDED_EDGE")
        return [pytest.param(None, marks=skip)]
    return [pytest.param(path, id=f"{path.parent.name}/{path.name}") for path in found]


def is_error(case: Path) -> bool:
    return bool(json.loads((case / "meta.json").read_bytes())["status"] != 200)
