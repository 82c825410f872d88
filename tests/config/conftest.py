from collections.abc import Callable

import pytest

from tornado_gateway.config.crosscheck import crosscheck
from tornado_gateway.config.source import read


@pytest.fixture
def complaints() -> Callable[[str], list[str]]:
    """What the crosschecks alone say of a document."""
    return lambda text: [str(problem) for problem in crosscheck(read(text, "f", {}))]
