import asyncio
from decimal import Decimal
from pathlib import Path

import msgspec

from tests.operating import Operated, operating, written
from tornado_gateway.httpserver.page.views.receipts import RequestView, request_view, spoken

TIERED = """\
{input: 0.03, output: 0.06, tiers: [{above: 1, input: 0.05, output: 0.09}],
     off_peak: {factor: 0.5, hours: "00:00-12:00, 12:00-00:00"}}"""


async def viewed(operated: Operated, name: str) -> RequestView:
    for _ in range(200):
        answer = await operated.client.get(f"requests/{name}")
        if answer.status_code == 200:
            return request_view(msgspec.json.Decoder(float_hook=Decimal).decode(answer.content))
        await asyncio.sleep(0.02)
    raise AssertionError(answer.text)


async def test_a_receipt_item_by_item_as_the_ledger_has_it(tmp_path: Path) -> None:
    path = written(tmp_path)
    path.write_text(path.read_text().replace("{input: 0.03, output: 0.06}", TIERED))
    async with operating(path) as operated:
        await operated.call("Hello there", **{"X-Request-ID": "r-1"})
        view = await viewed(operated, "r-1")
    (call,) = view.calls
    assert (view.request_id, call.level, call.differences) == ("r-1", "good", [])
    assert call.receipt is not None
    assert [item.bucket for item in call.receipt.items] == ["input", "output"]
    assert {item.tier for item in call.receipt.items} == {"above 1"}
    assert call.receipt.items[0].per == "per 1,000"
    assert call.receipt.factors == [("off_peak", "0.5")]
    assert call.receipt.total == call.recomputed == call.by_file == call.cost
    facts = dict(call.facts)
    assert facts["Asked for"] == "echo4"
    assert facts["Ended"].endswith(" UTC")
    assert [name for name, _ in call.usage] == ["input", "output"]


async def test_a_call_that_cost_nothing_has_no_receipt(tmp_path: Path) -> None:
    async with operating(written(tmp_path)) as operated:
        await operated.call(model="gpt-4", **{"X-Request-ID": "r-2"})
        (call,) = (await viewed(operated, "r-2")).calls
    assert (call.level, call.receipt, call.recomputed, call.by_file) == ("bad", None, None, None)
    assert (call.cost, call.usage) == ("\u2013", [])
    assert call.row["error"]


def test_a_receipt_that_leaves_out_what_says_nothing_is_shown_too() -> None:
    row = {
        "status": 200,
        "cost": 0,
        "receipt": {"revision": "a" * 12, "total": "0", "free": True},
        "recomputed": 0,
        "by_file": {"cost": 0, "row": None, "line": None},
        "differences": ["it is odd"],
        "usage": {"buckets": {"cache_write_1h": 1200}, "images": 2},
        "finished_at": "2026-11-01T10:00:00.123Z",
        "duration": 1,
        "time_to_first_token": 0.2,
        "requested_model": "m",
        "route": "r",
        "provider": "p",
        "model": "m",
        "key": None,
        "dialect": "openai",
        "streaming": True,
        "attempts": 2,
        "finish_reason": None,
        "tags": {"team": "<b>"},
        "saved": 1,
        "revision": "b" * 12,
    }
    (call,) = request_view({"request_id": "x", "revision": "a" * 12, "calls": [row]}).calls
    assert call.receipt is not None
    assert (call.receipt.free, call.receipt.items, call.receipt.total, call.receipt.currency) == (
        True,
        [],
        "0.00",
        "USD",
    )
    assert call.usage == [("cache write 1h", "1,200"), ("images", "2")]
    facts = dict(call.facts)
    assert facts["First token"] == "after 200 ms"
    assert facts["Dialect"] == "openai, streaming"
    assert facts["Tags"] == "team=<b>"
    assert facts["Saved by the cache"] == "1.00 USD"
    assert "Key" not in facts
    assert spoken("off_peak") == "off peak"
