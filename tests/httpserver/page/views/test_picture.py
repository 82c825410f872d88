from typing import Any

from tornado_gateway.domain.policies import USUAL_KINDS
from tornado_gateway.httpserver.page.views.picture import Box, picture_of, shortened


def target(provider: str = "openai", model: str = "gpt-4", **changed: Any) -> dict[str, Any]:
    return {
        "provider": provider,
        "model": model,
        "weight": 1,
        "configured": True,
        "circuit": "closed",
        "endpoints": [],
        "calls": 0,
        "failed": 0,
        "error_ratio": None,
        "latency": {"p50": None},
        **changed,
    }


def route(name: str, *fallbacks: str, **changed: Any) -> dict[str, Any]:
    return {
        "name": name,
        "line": 7,
        "strategy": "priority",
        "targets": [target()],
        "fallbacks": [{"route": each, "served_by": each, "on": sorted(USUAL_KINDS)} for each in fallbacks],
        "mirror": None,
        "hedged": False,
        "cached": False,
        **changed,
    }


def boxes(*routes: dict[str, Any]) -> dict[str, Box]:
    picture = picture_of(routes)
    assert picture is not None
    return {box.whole: box for box in picture.boxes}


def test_a_box_for_each_route_that_has_to_do_with_another() -> None:
    routes = [route("fast", "slow"), route("slow"), route("lonely")]
    picture = picture_of(routes)
    assert picture is not None
    assert [box.name for box in picture.boxes] == ["fast", "slow"]
    assert [joint.kind for joint in picture.joints] == ["fallback"]
    assert picture_of([route("lonely")]) is None


def test_a_way_begins_beside_its_own_words_and_ends_at_the_head_of_the_other() -> None:
    routes = [route("fast", "slow", "other"), route("slow"), route("other")]
    picture = picture_of(routes)
    assert picture is not None
    fast, slow, _ = picture.boxes
    assert [way.text for way in fast.ways] == ["1. slow", "2. other"]
    assert picture.joints[0].path.startswith(f"M{fast.left - 24 + 264},{fast.ways[0].top - 24 + 13}C")
    assert picture.joints[0].path.endswith(f" {slow.left - 24},{slow.top - 24 + 19}")
    assert fast.ways[-1].top + 26 <= fast.top + fast.height


def test_what_serves_a_name_is_pointed_to_and_what_nothing_serves_is_left_out() -> None:
    odd = route("fast", "gpt-5", "gone")
    odd["fallbacks"][0]["served_by"] = "gpt-*"
    odd["fallbacks"][1]["served_by"] = None
    assert [way.text for way in boxes(odd, route("gpt-*"))["fast"].ways] == ["1. gpt-5"]


def test_a_copy_goes_to_the_route_that_serves_its_name() -> None:
    copied = route("fast", mirror={"route": "gpt-5", "served_by": "gpt-*", "percent": 2.5})
    picture = picture_of([copied, route("gpt-*"), route("g*")])
    assert picture is not None
    assert [box.name for box in picture.boxes] == ["fast", "gpt-*"]
    assert (picture.boxes[0].ways[0].text, picture.joints[0].kind) == ("2.5 % copied to gpt-5", "mirror")
    assert picture_of([route("fast", mirror={"route": "gone", "served_by": None, "percent": 1})]) is None


def test_targets_are_told_with_their_condition_and_their_weight_where_it_counts() -> None:
    busy = target(calls=4, error_ratio=0.25, failed=1, latency={"p50": 0.412}, weight=3)
    weighted = route("fast", "slow", strategy="weighted", targets=[busy, target(weight=1)])
    lines = boxes(weighted, route("slow"))["fast"].targets
    assert (lines[0].words, lines[0].aside) == ("25 % of 4 failed, p50 412 ms", "\u00d73")
    assert lines[1].top - lines[0].top == 38
    assert boxes(route("fast", "slow"), route("slow"))["fast"].targets[0].aside == ""
    assert boxes(weighted, route("slow"))["fast"].strategy == "weighted"


def test_a_long_name_is_shortened_and_kept_whole_beside() -> None:
    name = "<script>" * 40
    box = boxes(route(name, "slow"), route("slow"))[name]
    assert len(box.name) == 24
    assert box.name.endswith("\u2026")
    assert box.whole == name
    assert shortened("\u6587" * 10, 9) == "\u6587" * 3 + "\u2026"
    assert shortened("short", 5) == "short"
