"""What a file would have done to the last days' bill: the ledger's rows, replayed."""

from datetime import datetime
from typing import Any

from tornado_gateway.admin.reading import LedgerReader, Patience
from tornado_gateway.config.build import Loaded, build_prices, build_routes
from tornado_gateway.domain.admin_errors import LedgerAway, LedgerSlow
from tornado_gateway.domain.ledger import Ledger, LedgerQuery
from tornado_gateway.domain.rerouting import Choice, Effect
from tornado_gateway.reports.effects import as_document


async def effect_of(reader: LedgerReader[Ledger], old: Loaded, new: Loaded, since: datetime) -> dict[str, Any]:
    """``effect`` and why there is none, one of which is null."""

    def replay(ledger: Ledger, check: Patience) -> dict[str, Any]:
        before, after = (Choice(build_routes(each.settings), build_prices(each.settings)) for each in (old, new))
        effect = Effect(before, after, ["model", "key"])
        for row in ledger.rows(LedgerQuery(since=since)):
            check()
            effect.add(row)
        return as_document(effect)

    try:
        return {"effect": await reader.ask(replay), "no_effect": None}
    except (LedgerAway, LedgerSlow) as error:
        return {"effect": None, "no_effect": error.message}
