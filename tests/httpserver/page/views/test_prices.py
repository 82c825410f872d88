from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from tests.operating import operating, written
from tornado_gateway.httpserver.page.views.prices import Badge, prices_view

MODELS = """\
    openai/gpt-4-turbo:
      - {input: 0.01, output: 0.03, valid_until: 2020-12-31}
      - {input: 0.02, output: 0.04, cached_input: 0.0005, batch: 0.5, cache_write: 0.025, valid_from: 2021-01-01,
         tiers: [{above: 200000, input: 0.04, output: 0.08}], off_peak: {factor: 0.5, hours: "04:00-06:00"}}
    openai/gpt-3.5-turbo: {input: 0.1, output: 0.2, valid_from: 2999-01-01}
    echo/echo5: {free: true}
"""


async def test_each_row_with_when_it_holds_and_what_else_it_says(tmp_path: Path) -> None:
    path = written(tmp_path)
    path.write_text(path.read_text() + MODELS)
    async with operating(path) as operated:
        answer = await operated.client.get("prices")
    view = prices_view(msgspec.json.Decoder(float_hook=Decimal).decode(answer.content))
    assert view.columns == ["input", "output", "cached input"]
    assert (view.due, view.drift, view.currency) == (1, None, "USD")
    echo, gpt, old, turbo, future, free = view.cards
    assert [rate.text for rate in echo.rates] == ["0.03", "0.06", "\u2013"]
    assert (echo.held, echo.badges, echo.more) == ("always", [Badge("good", "in force")], [])
    assert gpt.badges[1] == Badge("warn", "review due")
    assert (gpt.source, gpt.review_by) == ("a page", "2020-01-01")
    assert old.badges[0].words == "over"
    assert old.held == "through 2020-12-31"
    assert (turbo.held, turbo.badges[0].words) == ("from 2021-01-01", "in force")
    assert turbo.more == [
        "cache write 0.025, batch times 0.5",
        "above 200,000 tokens, all of it: input 0.04, output 0.08",
        "times 0.5 at 04:00-06:00 (UTC)",
    ]
    assert (future.held, future.badges[0].words) == ("from 2999-01-01", "to come")
    assert (free.free, free.rates[0].text) == (True, "0.00")


def drift(**changed: Any) -> dict[str, Any]:
    return {"row": "openai/gpt-4", "line": 4, "verdict": "same", "note": "", "differences": [], **changed}


def test_what_differs_from_the_public_list_comes_first() -> None:
    differences = [
        {"listed": "gpt-4", "price": "cached_input", "file": Decimal("0.01"), "list": "none", "since": "2026-01-01"},
        {"listed": "gpt-4", "price": "input", "file": 1, "list": Decimal("1.5"), "since": None},
    ]
    rows = [drift(), drift(row="x/y", verdict="differs", differences=differences)]
    document = {"currency": "USD", "allow_unpriced": False, "cards": []}
    view = prices_view(document | {"drift": {"list": "genai-prices", "missing": None, "rows": rows}})
    assert view.drift is not None
    assert [row.row for row in view.drift] == ["x/y", "openai/gpt-4"]
    assert view.drift[0].verdict == Badge("bad", "differs")
    assert view.drift[0].differences == [
        "cached input: 0.01 here, none for gpt-4 since 2026-01-01",
        "input: 1.00 here, 1.50 for gpt-4",
    ]
    assert view.drift[0].more == []
    many = [{**differences[1], "listed": f"gpt-{number}"} for number in range(300)]
    rows = [drift(verdict="differs", differences=many)]
    (row,) = prices_view(document | {"drift": {"list": "x", "missing": None, "rows": rows}}).drift or ()
    assert (len(row.differences), len(row.more)) == (6, 294)
    assert (view.differing, view.public_list) == (1, "genai-prices")
    absent = prices_view(document | {"drift": {"list": None, "missing": "install it", "rows": []}})
    assert (absent.missing, absent.drift) == ("install it", [])
