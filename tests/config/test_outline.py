from tornado_gateway.config.outline import outline
from tornado_gateway.domain.policies import Fallback, Mirror
from tornado_gateway.domain.routes import RouteTarget


def test_routes_are_seen_as_the_domain_sees_them() -> None:
    seen = outline(
        {
            "routes": {
                "a": {"provider": "p", "fallbacks": ["b"]},
                "b*": {"targets": [{"provider": "p", "model": "m"}, 5, {"provider": "q"}]},
            },
            "pricing": {"models": {"p/m": None}, "allow_unpriced": True},
        }
    )
    first, second = seen.table
    assert (first.targets, first.fallbacks) == ((RouteTarget("p"),), (Fallback("b"),))
    assert second.targets == (RouteTarget("p", "m"), RouteTarget("q"))
    assert seen.places == {
        "a": (("routes", "a"),),
        "b*": (("routes", "b*", "targets", 0), ("routes", "b*", "targets", 2)),
    }
    assert seen.cards.find("p", "m") is not None
    assert seen.allow_unpriced


def test_what_has_the_wrong_shape_is_left_out() -> None:
    for document in (None, [], {"routes": 1, "pricing": [], "providers": "x"}):
        seen = outline(document)
        assert len(seen.table) == len(seen.cards) == len(seen.providers) == 0


def test_fallbacks_in_both_forms_and_mirrors_with_their_places() -> None:
    fallbacks = ["b", 5, {"route": "c", "on": ["timeout", "nonsense", 1]}, {"on": []}, {"route": "d", "on": 1}]
    seen = outline({"routes": {"a": {"provider": "p", "fallbacks": fallbacks, "mirror": {"route": "m"}}}})
    (route,) = seen.table
    assert route.fallbacks == (Fallback("b"), Fallback("c", frozenset({"timeout"})), Fallback("d", frozenset()))
    assert seen.ways["a"] == (
        ("routes", "a", "fallbacks", 0),
        ("routes", "a", "fallbacks", 2, "route"),
        ("routes", "a", "fallbacks", 4, "route"),
    )
    assert route.mirror == Mirror("m", 100.0)
