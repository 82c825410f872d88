from pathlib import Path

from tests.operating import operating, written


async def test_targets_with_their_condition(tmp_path: Path) -> None:
    async with operating(written(tmp_path)) as operated:
        assert (await operated.call()).status_code == 200
        assert (await operated.call(model="gpt-5")).status_code == 502
        document = await operated.get("routes")
        echo, gpt, pattern = document["routes"]
        assert [route["name"] for route in (echo, gpt, pattern)] == ["echo4", "gpt-4", "gpt-*"]
        assert [(each["route"], each["served_by"]) for each in echo["fallbacks"]] == [("gpt-4", "gpt-4")]
        (target,) = echo["targets"]
        assert (target["calls"], target["failed"], target["in_flight"], target["circuit"]) == (1, 0, 0, "closed")
        assert target["latency"]["count"] == 1
        assert gpt["targets"][0]["calls"] == 0
        (failing,) = pattern["targets"]
        assert failing["error_ratio"] == 1.0
        assert failing["price_row"] == "openai/gpt-*"
        assert failing["endpoints"][0]["endpoint"] == 0
        assert document["worker"] is None


async def test_the_circuit_opens_for_all_to_see(tmp_path: Path) -> None:
    path = written(tmp_path)
    path.write_text(path.read_text().replace("kind: openai,", "kind: openai, breaker: {consecutive: 1},"))
    async with operating(path) as operated:
        await operated.call(model="gpt-4")
        target = (await operated.get("routes"))["routes"][1]["targets"][0]
        assert target["circuit"] == "open"
        assert target["endpoints"][0]["retry_in"] > 0


async def test_a_mirror_tells_the_route_that_serves_its_name(tmp_path: Path) -> None:
    path = written(tmp_path)
    plain = "echo4: {provider: echo"
    assert plain in path.read_text()
    path.write_text(path.read_text().replace(plain, "echo4: {mirror: {route: gpt-5, percent: 2.5}, provider: echo"))
    async with operating(path) as operated:
        echo = (await operated.get("routes"))["routes"][0]
        assert echo["mirror"] == {"route": "gpt-5", "served_by": "gpt-*", "percent": 2.5}
