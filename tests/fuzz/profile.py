"""How long to look: a few seconds in the suite, always the same; ``make fuzz`` goes on, and elsewhere each time."""

import os

from hypothesis import HealthCheck, settings

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0"))


def fuzzing(quick: int) -> settings:
    """``quick`` examples in the suite."""
    return settings(
        max_examples=EXAMPLES or quick,
        derandomize=not EXAMPLES,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
