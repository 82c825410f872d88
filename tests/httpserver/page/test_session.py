from tests.support import FakeClock, world
from tornado_gateway.domain.administration import AdminPolicy
from tornado_gateway.domain.snapshot import SnapshotHolder
from tornado_gateway.httpserver.page.session import IDLE, LONGEST, Sessions


def made(token: str = "planted", clock: FakeClock | None = None) -> tuple[Sessions, FakeClock]:
    clock = clock or FakeClock()
    snapshots: SnapshotHolder = world(admin=AdminPolicy.of(token, write=False)).snapshots
    return Sessions(snapshots, clock), clock


def test_every_worker_knows_it_and_nobody_else_can_make_it() -> None:
    sessions, clock = made()
    value = sessions.begin()
    session = made(clock=clock)[0].find(value)
    assert session is not None
    assert session.guards(session.csrf)
    assert not session.guards("")
    assert not session.guards("\udcff")
    assert "planted" not in value
    assert made("another", clock)[0].find(value) is None
    assert made("", clock)[0].find(value) is None
    for index, letter in enumerate(value):
        assert sessions.find(value[:index] + ("0" if letter != "0" else "1") + value[index + 1 :]) is None
    for odd in (None, "", ".", "...", "a.b.c.d", "1" * 300, "é.é"):
        assert sessions.find(odd) is None


def test_two_sessions_do_not_share_their_forms() -> None:
    sessions, _ = made()
    one, other = sessions.find(sessions.begin()), sessions.find(sessions.begin())
    assert one is not None
    assert other is not None
    assert not one.guards(other.csrf)


def test_it_ends_an_hour_after_the_last_page() -> None:
    sessions, clock = made()
    value = sessions.begin()
    clock.later = IDLE - 1
    session = sessions.find(value)
    assert session is not None
    renewed = sessions.renewed(session)
    clock.later = IDLE
    assert sessions.find(value) is None
    again = sessions.find(renewed)
    assert again is not None
    assert again.csrf == session.csrf, "a form that stands open goes on to be good"
    assert sessions.renewed(again) is None, "not with every page"


def test_it_ends_after_twelve_hours_whatever_happens() -> None:
    sessions, clock = made()
    value: str | None = sessions.begin()
    while clock.later < LONGEST:
        session = sessions.find(value)
        assert session is not None
        value = sessions.renewed(session) or value
        clock.later += IDLE // 2 + 1
    assert sessions.find(value) is None
