from collections.abc import Iterator
from pathlib import Path

import pytest

from .house import House, house


@pytest.fixture(scope="package")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder: Path = tmp_path_factory.mktemp("fuzz")
    with house(folder) as served:
        yield served
