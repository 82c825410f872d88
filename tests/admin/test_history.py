from tests.support import NOW
from tornado_gateway.admin.history import KEPT, ReloadHistory
from tornado_gateway.domain.events import ConfigRejected, ConfigReloaded


def test_the_newest_first_good_and_bad() -> None:
    history = ReloadHistory()
    history.note(ConfigReloaded("b", "a", NOW, ("price changed",)))
    history.note(ConfigRejected("b", ("f:1:1: bad",), NOW))
    bad, good = history.latest()
    assert (good["outcome"], good["revision"], good["previous"]) == ("loaded", "b", "a")
    assert (good["notes"], good["problems"]) == (("price changed",), ())
    assert (bad["outcome"], bad["revision"], bad["problems"], bad["notes"]) == ("rejected", "b", ("f:1:1: bad",), ())


def test_it_is_bounded() -> None:
    history = ReloadHistory()
    for index in range(KEPT + 5):
        history.note(ConfigRejected(str(index), ("bad",) * 500, NOW))
    latest = history.latest()
    assert (len(latest), latest[0]["revision"]) == (KEPT, str(KEPT + 4))
    assert (len(latest[0]["problems"]), latest[0]["left_out"]) == (200, 300)
