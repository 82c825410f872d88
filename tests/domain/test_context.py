import pytest
from msgspec.structs import replace

from tests.support import context
from tornado_gateway.domain.context import UNKNOWN, RequestContext, Timing, Trail
from tornado_gateway.domain.principal import Principal


def test_a_trail_begins_with_labels_of_nobody() -> None:
    trail = Trail()
    assert {trail.route, trail.provider, trail.model, trail.model_label} == {UNKNOWN}


def test_two_requests_share_nothing_that_is_written_to() -> None:
    one, other = context(), context()
    one.trail.attempts += 1
    one.dropped.append("seed")
    assert (other.trail.attempts, other.dropped) == (0, [])


def test_a_gates_copy_goes_on_with_the_same_trail_and_timing() -> None:
    before = RequestContext("req_1", "none", Timing(received=1.0))
    after = replace(before, principal=Principal("team-a"))
    after.trail.attempts += 1
    after.timing.upstream += 2.0
    assert (before.trail.attempts, before.timing.upstream) == (1, 2.0)


def test_a_context_is_frozen() -> None:
    with pytest.raises(AttributeError):
        context().request_id = "other"  # type: ignore[misc]
