from pathlib import Path

import pytest

from tornado_gateway.config.build import load
from tornado_gateway.config.model_state import StateSettings
from tornado_gateway.config.schema import packaged_default
from tornado_gateway.config.side_by_side import misfit

LIMITS = "limits: {concurrent: 5}\n"
SHARED = "redis://127.0.0.1:6379/0"


@pytest.mark.parametrize(
    ("more", "workers", "state", "cure"),
    [
        ("", 2, None, None),
        (LIMITS, 1, None, None),
        (LIMITS, 2, None, "say state.url"),
        (LIMITS, 2, StateSettings(url=SHARED), None),
        ("budgets: [{tag: {team: a}, amount: 1, period: day}]\n", 2, None, "say state.url"),
        (LIMITS + f"state: {{url: '{SHARED}'}}\n", 2, None, None),
        (LIMITS + f"state: {{url: '{SHARED}'}}\n", 2, StateSettings(), "state.url needs a restart"),
    ],
)
def test_limits_of_several_are_counted_in_one_place(
    tmp_path: Path, more: str, workers: int, state: StateSettings | None, cure: str | None
) -> None:
    file = tmp_path / "gateway.yaml"
    file.write_text(packaged_default().read_text() + more)
    told = misfit(load(file, {}), workers, state)
    if cure is None:
        assert told is None
    else:
        assert told is not None
        assert told.startswith(f"{file}: each of {workers} workers would count")
        assert cure in told
