import asyncio

import msgspec
import pytest

from tests.support import NOW, finished
from tornado_gateway.admin.feed import Feed, frame_of
from tornado_gateway.domain.errors import RateLimitExceeded
from tornado_gateway.domain.events import (
    AttemptFailed,
    CircuitChanged,
    ConfigRejected,
    ConfigReloaded,
    KeysFetched,
    RequestStarted,
)


@pytest.mark.parametrize(
    ("event", "name"),
    [
        (RequestStarted("req_1", "openai.chat", False), "started"),
        (AttemptFailed("req_1", "r", "p", "m", 1, "upstream_failed", "planted", False), "attempt_failed"),
        (finished(metadata={"note": "planted"}), "finished"),
        (CircuitChanged("openai", 0, "open", "closed"), "circuit"),
        (ConfigReloaded("b", "a", NOW, ("planted",)), "config"),
        (ConfigRejected("a", ("planted",), NOW), "config"),
    ],
)
def test_a_frame_of_each(event: object, name: str) -> None:
    frame = frame_of(event)  # type: ignore[arg-type]
    assert frame is not None
    first, second, *rest = frame.decode().split("\n")
    assert (first, rest) == (f"event: {name}", ["", ""])
    msgspec.json.decode(second.removeprefix("data: "))
    assert "planted" not in second


def test_what_is_not_told() -> None:
    assert frame_of(KeysFetched("store", 1)) is None


async def test_frames_come_together_and_silence_comes_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tornado_gateway.admin.feed._TICK", 0.01)
    feed = Feed()
    watcher = feed.watch()
    messages = watcher.messages()
    assert await anext(messages) == b""
    feed.tell(finished())
    feed.tell(KeysFetched("store", 1))
    feed.tell(finished())
    assert (await anext(messages)).count(b"event: finished") == 2
    waiting = asyncio.ensure_future(anext(messages))
    await asyncio.sleep(0)
    feed.tell(finished())
    assert (await waiting).count(b"event: finished") in (0, 1)
    watcher.close()
    watcher.close()
    assert not feed.watched


async def test_one_who_is_slow_is_told_how_much_it_missed() -> None:
    feed = Feed()
    watcher = feed.watch()
    for _ in range(600):
        feed.tell(finished())
    frames = await anext(watcher.messages())
    assert frames.count(b"event: finished") == 512
    assert frames.endswith(b'event: left_out\ndata: {"count":88}\n\n')


def test_not_for_any_number() -> None:
    feed = Feed()
    watchers = [feed.watch() for _ in range(16)]
    with pytest.raises(RateLimitExceeded):
        feed.watch()
    watchers[0].close()
    feed.watch()
