from pathlib import Path

from tests.operating import operating, written
from tornado_gateway.httpserver.page.views.routes import routes_view

ROUTES = """\
routes:
  fast:
    strategy: weighted
    targets: [{provider: echo, model: echo4, weight: 3}, {provider: openai, model: gpt-4}]
    fallbacks: [{route: gpt-4, on: [context_length]}, gpt-5]
    mirror: {route: echo4, percent: 5}
    hedge: {after: 2}
    cache: {ttl: 60}
  lonely: {provider: openai, model: gpt-4}
"""


async def test_each_route_in_words_with_its_targets(tmp_path: Path) -> None:
    path = written(tmp_path)
    path.write_text(path.read_text().replace("routes:\n", ROUTES))
    async with operating(path) as operated:
        await operated.call(model="echo4")
        view = routes_view(await operated.get("routes"))
    fast = view.rows[0]
    assert fast.words == [
        "weighted",
        "then gpt-4, on context length",
        "and then gpt-5 (served by gpt-*)",
        "5 % copied to echo4",
        "hedged",
        "cached",
    ]
    assert [target.name for target in fast.targets] == ["echo/echo4", "openai/gpt-4"]
    assert (view.minutes, view.worker) == (5, None)
    assert [row.name for row in view.alone] == ["lonely"]
    assert view.picture is not None
    assert [box.whole for box in view.picture.boxes] == ["fast", "echo4", "gpt-4", "gpt-*"]
    echo = next(row for row in view.rows if row.name == "echo4")
    assert echo.targets[0].figures["calls"] == 1
    assert (echo.condition.level, echo.condition.words) == ("good", "healthy")
