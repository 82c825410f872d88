from tests.support import NOW, FakeClock, finished
from tornado_gateway.admin.feed import Feed
from tornado_gateway.admin.health import HealthBook
from tornado_gateway.admin.history import ReloadHistory
from tornado_gateway.admin.subscriber import AdminSubscriber
from tornado_gateway.domain.events import AttemptFailed, ConfigReloaded

FAILED = AttemptFailed("req_1", "gpt-4", "openai", "gpt-4", 1, "upstream_failed", "no", False, "gpt-4")


async def test_reloads_always_and_calls_where_somebody_may_ask() -> None:
    history, health, feed = ReloadHistory(), HealthBook(FakeClock()), Feed()
    wanted = [False]
    subscriber = AdminSubscriber(history=history, health=health, feed=feed, wanted=lambda: wanted[0])
    watcher = feed.watch()
    subscriber.handle([ConfigReloaded("a", None, NOW), finished(), FAILED])
    assert (len(history.latest()), health.of([("openai", "gpt-4")])["calls"]) == (1, 0)
    wanted[0] = True
    subscriber.handle([ConfigReloaded("b", "a", NOW), finished(), FAILED])
    assert (len(history.latest()), health.of([("openai", "gpt-4")])["calls"]) == (2, 2)
    assert (await anext(watcher.messages())).count(b"event: ") == 3
