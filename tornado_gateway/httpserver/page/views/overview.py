"""The overview: what was spent, how fast it goes, and what wants to be looked at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tornado_gateway.httpserver.page.formats import count

_ORDER = ("bad", "warn", "good", "quiet")


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that an operator should know of. ``state`` is one of ``_ORDER``."""

    state: str
    word: str
    text: str
    address: str


def remarks(config: Mapping[str, Any], routes: Mapping[str, Any], prices: Mapping[str, Any]) -> list[Remark]:
    """The worst first; where nothing is wrong, that."""
    found = [*_of_the_file(config), *_of_targets(routes["routes"]), *_of_prices(prices["cards"])]
    if not found:
        found.append(Remark("good", "All well", "The file is in force, and every circuit is closed.", "/admin/routes"))
    found += _without_a_key(routes["routes"])
    return sorted(found, key=lambda remark: _ORDER.index(remark.state))


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
            if target["circuit"] == "open" and target["configured"]:
                text = (
                    f"{name} is not asked: {count(target['failed'])} of {count(target['calls'])} calls failed lately."
                )
                found[name] = Remark("bad", "Circuit open", text, "/admin/routes")
            elif target["circuit"] == "half_open":
                found[name] = Remark("warn", "On probation", f"{name} is being tried again.", "/admin/routes")
    return list(found.values())


def _without_a_key(routes: Sequence[Mapping[str, Any]]) -> list[Remark]:
    """One for all of them: a file may name many that nobody here has an account with."""
    targets = [target for route in routes for target in route["targets"] if not target["configured"]]
    names = list(dict.fromkeys(target["provider"] for target in targets))
    if not names:
        return []
    text = f"{names[0]} has no key: its routes answer 503."
    if len(names) > 1:
        text = f"{', '.join(names[:-1])} and {names[-1]} have no key: their routes answer 503."
    return [Remark("quiet", "Not configured", text, "/admin/routes")]


def _of_prices(cards: Sequence[Mapping[str, Any]]) -> list[Remark]:
    due = [card["model"] for card in cards if card["review_due"] and card["state"] != "past"]
    if not due:
        return []
    more = f" and {len(due) - 1} more" if len(due) > 1 else ""
    return [Remark("warn", "Review due", f"Prices of {due[0]}{more} were to be looked at.", "/admin/prices")]
