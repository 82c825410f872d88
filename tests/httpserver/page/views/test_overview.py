from typing import Any

from tornado_gateway.httpserver.page.views.overview import remarks

FINE: dict[str, Any] = {"last_error": None}


def target(**changes: Any) -> dict[str, Any]:
    usual = {"provider": "openai", "model": "gpt-4", "configured": True, "circuit": "closed", "calls": 10, "failed": 9}
    return {**usual, **changes}


def routes(*targets: dict[str, Any]) -> dict[str, Any]:
    return {"routes": [{"targets": [each]} for each in targets]}


def test_where_nothing_is_wrong_that_is_said() -> None:
    (remark,) = remarks(FINE, routes(target()), {"cards": [{"model": "a", "review_due": False, "state": "current"}]})
    assert (remark.state, remark.word) == ("good", "All well")


def test_the_worst_comes_first_and_each_thing_once() -> None:
    cards = [{"model": name, "review_due": True, "state": state} for name, state in (("a", "current"), ("b", "past"))]
    found = remarks(
        {"last_error": ["gateway.yaml:3:1: no", "gateway.yaml:4:1: nor that"]},
        routes(
            target(circuit="open"),
            target(circuit="open"),
            target(model="o", circuit="half_open"),
            target(provider="groq", configured=False, circuit=None),
            target(provider="groq", model="other", configured=False, circuit=None),
            target(provider="xai", configured=False, circuit=None),
            target(provider="mistral", configured=False, circuit=None),
        ),
        {"cards": [*cards, {"model": "c", "review_due": True, "state": "future"}]},
    )
    assert [(each.state, each.word) for each in found] == [
        ("bad", "File refused"),
        ("bad", "Circuit open"),
        ("warn", "On probation"),
        ("warn", "Review due"),
        ("quiet", "Not configured"),
    ]
    assert "gateway.yaml:3:1: no, and 1 more" in found[0].text
    assert found[1].text == "openai/gpt-4 is not asked: 9 of 10 calls failed lately."
    assert found[3].text == "Prices of a and 1 more were to be looked at."
    assert found[4].text == "groq, xai and mistral have no key: their routes answer 503."


def test_a_provider_without_a_key_is_nothing_wrong() -> None:
    found = remarks(FINE, routes(target(), target(provider="groq", configured=False, circuit=None)), {"cards": []})
    assert [(each.state, each.text) for each in found[1:]] == [("quiet", "groq has no key: its routes answer 503.")]
    assert found[0].word == "All well"
