"""The overview: what was spent, how fast it goes, and what wants to be looked at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tornado_gateway.httpserver.page.formats import count


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that an operator should know of. ``state`` is ``good``, ``warn`` or ``bad``."""

    state: str
    word: str
    text: str
    address: str


def remarks(config: Mapping[str, Any], routes: Mapping[str, Any], prices: Mapping[str, Any]) -> list[Remark]:
    """The worst first; one that is good where there is no other."""
    found = [*_of_the_file(config), *_of_targets(routes["routes"]), *_of_prices(prices["cards"])]
    found.sort(key=lambda remark: remark.state)  # bad, good, warn: there is no good one yet
    return found or [Remark("good", "All well", "The file is in force, and every circuit is closed.", "/admin/routes")]


def _of_the_file(config: Mapping[str, Any]) -> list[Remark]:
    found = []
    problems = config["last_error"]
    if problems:
        more = f", and {len(problems) - 1} more" if len(problems) > 1 else ""
        text = f"The file that is there now is refused, the one before goes on: {problems[0]}{more}"
        found.append(Remark("bad", "File refused", text, "/admin/configuration"))
    return found


def _of_targets(routes: Sequence[Mapping[str, Any]]) -> list[Remark]:
    found: dict[str, Remark] = {}
    for route in routes:
        for target in route["targets"]:
            name = f"{target['provider']}/{target['model']}"
            if not target["configured"]:
                text = f"{target['provider']} has no key: its routes answer 503."
                found[target["provider"]] = Remark("warn", "Not configured", text, "/admin/routes")
            elif target["circuit"] == "open":
                text = (
                    f"{name} is not asked: {count(target['failed'])} of {count(target['calls'])} calls failed lately."
                )
                found[name] = Remark("bad", "Circuit open", text, "/admin/routes")
            elif target["circuit"] == "half_open":
                found[name] = Remark("warn", "On probation", f"{name} is being tried again.", "/admin/routes")
    return list(found.values())


def _of_prices(cards: Sequence[Mapping[str, Any]]) -> list[Remark]:
    due = [card["model"] for card in cards if card["review_due"] and card["state"] != "past"]
    if not due:
        return []
    more = f" and {len(due) - 1} more" if len(due) > 1 else ""
    return [Remark("warn", "Review due", f"Prices of {due[0]}{more} were to be looked at.", "/admin/prices")]
