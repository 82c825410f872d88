from tests.support import ScriptedProvider, snapshot
from tornado_gateway.domain.snapshot import Snapshot, SnapshotHolder


def test_a_swapped_snapshot_lives_until_its_last_lease_ends() -> None:
    retired: list[Snapshot] = []
    first, second = (snapshot(ScriptedProvider(), revision=name * 12) for name in "ab")
    holder = SnapshotHolder(first, retired.append)
    with holder.lease() as held:
        with holder.lease():
            assert holder.swap(second) is first
            assert holder.current is second
            assert held is first
            assert (holder.leases, holder.revisions) == (2, 2)
        assert retired == []
    assert retired == [first]
    assert (holder.leases, holder.revisions) == (0, 1)


def test_one_that_nobody_holds_is_retired_at_once() -> None:
    retired: list[Snapshot] = []
    first = snapshot(ScriptedProvider())
    holder = SnapshotHolder(first, retired.append)
    holder.swap(snapshot(ScriptedProvider(), revision="b" * 12))
    assert retired == [first]


def test_a_lease_ends_on_an_error_too() -> None:
    holder = SnapshotHolder(snapshot(ScriptedProvider()))
    try:
        with holder.lease():
            raise ValueError
    except ValueError:
        assert holder.leases == 0
