import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from loguru import logger

from tornado_gateway.domain.events import RequestFinished
from tornado_gateway.domain.money import Cost
from tornado_gateway.domain.usage import TokenUsage

FINISHED = RequestFinished(
    request_id="r-1",
    dialect="openai_chat",
    streaming=False,
    requested_model="gpt-4",
    route="gpt-4",
    provider="openai",
    model="gpt-4",
    model_label="gpt-4",
    status=200,
    error=None,
    attempts=1,
    usage=TokenUsage(input=12, output=25),
    cost=Cost(Decimal("0.00186")),
    duration=0.5,
    upstream=0.4985,
    overhead=0.0015,
    time_to_first_token=None,
    revision="0123456789ab",
    finished_at=datetime(2026, 1, 15, 10, 30, tzinfo=UTC),
)


@pytest.fixture
def finished() -> Callable[..., RequestFinished]:
    """A finished request with what is given changed."""

    def make(**changes: Any) -> RequestFinished:
        return msgspec.structs.replace(FINISHED, **changes)

    return make


@pytest.fixture
def restored_logging() -> Iterator[None]:
    """Loguru and the standard library's root keep their set-up in the process: put back what a test changes."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    names = ("httpx", "httpcore", "asyncio", "tornado.access")
    levels = {name: logging.getLogger(name).level for name in names}
    yield
    logger.remove()
    root.handlers[:] = handlers
    root.setLevel(level)
    for name in names:
        logging.getLogger(name).setLevel(levels[name])


@pytest.fixture
def records(restored_logging: None) -> list[Any]:
    """What loguru was given, in order."""
    caught: list[Any] = []
    logger.remove()
    logger.add(lambda message: caught.append(message.record), level=0, format=lambda _: "")
    return caught
