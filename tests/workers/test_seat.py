import pytest

from tornado_gateway.workers.memory import GONE, SharedMemory
from tornado_gateway.workers.seat import Crew, Errand, Seat


def test_an_errand_survives_the_command_line() -> None:
    errand = Errand(number=2, slot=0, slots=3, memory=7, channel=9, sockets=(4, 5))
    assert Errand.parse(errand.argument()) == errand
    assert errand.descriptors == (7, 9, 4, 5)
    with pytest.raises(ValueError, match="number"):
        Errand.parse('{"slot": 1}')


def test_workers_see_each_other_through_their_seats() -> None:
    memory = SharedMemory.create(3)
    one, other = Seat(1, 0, memory), Seat(2, 2, memory)
    one.tell(4)
    other.tell(6)
    assert (one.fewest(), other.fewest()) == (4, 4)
    one.take_no_more()
    assert one.fewest() == 6
    assert one.predecessor() is None
    one.publish(b"mine")
    other.publish(b"theirs")
    assert list(one.published()) == [(b"mine", True), (b"theirs", True)]
    memory.vacate(0)
    assert list(other.published()) == [(b"mine", False), (b"theirs", True)]
    assert Seat(1, 0, memory).predecessor() == b"mine"
    assert memory.fewest() == 6
    other.take_no_more()
    assert memory.fewest() == GONE
    memory.close()


def test_a_process_that_serves_alone_keeps_nothing() -> None:
    Crew().keep(b"file")
    assert (Crew().number, Crew().workers) == (None, 1)
    memory = SharedMemory.create(3)
    crew = Crew(Seat(7, 0, memory))
    crew.keep(b"file")
    assert (crew.number, crew.workers, memory.kept()) == (7, 2, b"file")
    assert crew.seat is not None
    assert crew.seat.kept() == b"file"
    memory.close()
