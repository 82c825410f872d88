from tests.support import FakeClock, ScriptedProvider, served, snapshot
from tornado_gateway.domain.breakers import Breakers
from tornado_gateway.domain.conditions import conditions
from tornado_gateway.domain.places import Places
from tornado_gateway.domain.policies import BreakerPolicy, Concurrency


async def test_each_endpoint_is_told_and_no_secret() -> None:
    snap = snapshot(ScriptedProvider("a"), ScriptedProvider("b", configured=False))
    known = served(ScriptedProvider("a"), ScriptedProvider("a"), concurrency=Concurrency(5))
    snap.providers["a"] = known  # type: ignore[index] # a dictionary in truth
    breakers, places = Breakers(FakeClock()), Places()
    breakers.failed(("a", 1), BreakerPolicy(consecutive=1))
    await places.take("a", Concurrency(5))
    assert conditions(snap, breakers, places) == {
        "a": {
            "configured": True,
            "in_flight": 1,
            "endpoints": [
                {"endpoint": 0, "circuit": "closed"},
                {"endpoint": 1, "circuit": "open", "retry_in": 15.0},
            ],
        },
        "b": {"configured": False, "endpoints": []},
    }
