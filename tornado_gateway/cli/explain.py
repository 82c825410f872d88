"""``tornado-gateway explain``: who would serve a model, and what a request may cost."""

import argparse
import os
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any

from tornado_gateway.bootstrap import make_providers
from tornado_gateway.cli.cards import of_card, to_come
from tornado_gateway.cli.policies import of_guards, of_route, of_target, on_kinds
from tornado_gateway.cli.states import NoAnswer, ask, told
from tornado_gateway.cli.whole import TOKENS
from tornado_gateway.config.build import Loaded, build_prices, build_routes, load
from tornado_gateway.config.problems import ConfigInvalid
from tornado_gateway.domain.money import PriceCard, decimal_digits
from tornado_gateway.domain.nearest import did_you_mean
from tornado_gateway.domain.pricing import worst
from tornado_gateway.domain.routes import Route, RouteTable, RouteTarget
from tornado_gateway.domain.routing import chain


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("explain", help="show who serves a model and what a request may cost")
    parser.add_argument("model", metavar="MODEL", help="the name that a caller gives")
    parser.add_argument("--config", type=Path, default=Path("gateway.yaml"), metavar="FILE")
    parser.add_argument("--prompt-tokens", type=TOKENS, default=1000, metavar="N", help="default: 1000")
    parser.add_argument("--max-tokens", type=TOKENS, default=1000, metavar="N", help="default: 1000")
    parser.add_argument("--at", metavar="URL", help="a running gateway, to show each target's state there")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Exit code 1 where no route matches, the file is bad or no gateway answers."""
    try:
        loaded = load(args.config, os.environ)
        states = None if args.at is None else ask(args.at)
    except NoAnswer as missing:
        print(missing, file=sys.stderr)
        return 1
    except ConfigInvalid as invalid:
        for problem in invalid.problems:
            print(problem, file=sys.stderr)
        return 1
    routes = build_routes(loaded.settings)
    route = routes.match(args.model)
    if route is None:
        hint = did_you_mean(args.model, [route.name for route in routes], 3)
        print(f"no route matches {args.model!r}{hint}", file=sys.stderr)
        return 1
    explanation = _Explanation(loaded, routes, prompt=args.prompt_tokens, completion=args.max_tokens, states=states)
    for line in explanation.lines(args.model, route):
        print(line)
    return 0


class _Explanation:
    """Walks a route as the gateway does, with the price of each target for so many tokens."""

    def __init__(
        self,
        loaded: Loaded,
        routes: RouteTable,
        *,
        prompt: int,
        completion: int,
        states: Mapping[str, Any] | None,
    ) -> None:
        self._states = states
        self._file = loaded.path
        self._routes = routes
        self._prices = build_prices(loaded.settings)
        self._settings = {provider.name: provider for provider in loaded.settings.providers}
        # The adapters know where else their keys may come from.
        self._configured = {name: provider.configured for name, provider in make_providers(loaded).items()}
        self._prompt = prompt
        self._now = datetime.now(UTC)
        self._completion = completion

    def lines(self, model: str, route: Route) -> Iterator[str]:
        matched = "exactly" if route.name == model else f"by the pattern {route.name!r}"
        yield f"model {model!r} is route {route.name!r} ({self._file}:{route.line}), matched {matched}"
        dearest: list[Decimal] = []
        kinds: dict[str, str] = {}
        # One stage a route: the chain names no route twice.
        for name, steps in groupby(chain(self._routes, route, model), key=lambda step: step.route.name):
            stage = list(steps)
            this = stage[0].route
            own = name == route.name
            yield f"targets, {this.strategy}:" if own else f"fallback {name!r}{kinds[name]}, {this.strategy}:"
            yield from of_route(this)
            yield from of_guards(this) if own else ()
            for fallback in this.fallbacks:
                other = self._routes.find(fallback.route)
                if other is not None:
                    kinds[other.name] = on_kinds(fallback)
            for number, step in enumerate(stage, 1):
                each, target, upstream = step.route, step.target, step.model
                card = self._prices.find(target.provider, upstream, self._now)
                yield f"  {number}. {target.provider}/{upstream}{self._state(each, target)}"
                yield f"     {self._price(card)}"
                if card is not None:
                    yield from (f"     {line}" for line in of_card(card))
                cards = self._prices.row(f"{target.provider}/{upstream}")
                yield from (f"     {line}" for line in to_come(cards, self._now))
                yield from of_target(each, self._settings[target.provider])
                if self._states is not None:
                    yield f"     now: {told(self._states.get(target.provider))}"
                if card is not None:
                    dearest.append(worst(card, self._prompt, self._completion)[0].amount)
        if dearest:
            counts = f"{self._prompt} prompt and {self._completion} completion tokens"
            yield f"worst case of a request with {counts}: {decimal_digits(max(dearest))} USD"

    def _state(self, route: Route, target: RouteTarget) -> str:
        weight = f"  weight {target.weight}" if route.strategy == "weighted" else ""
        return weight if self._configured[target.provider] else f"{weight}  [not configured: no API key]"

    def _price(self, card: PriceCard | None) -> str:
        if card is None:
            allowed = self._prices.allow_unpriced
            return "no price: served at an unknown cost" if allowed else "no price: refused (model_not_priced)"
        where = f"price row {card.model} at {self._file}:{card.line}"
        if card.free:
            return f"free, {where}"
        cost, buckets = worst(card, self._prompt, self._completion)
        dearer = "" if buckets == ("input", "output") else f", all tokens counted as {' and '.join(buckets)}"
        return (
            f"input {decimal_digits(card.input)}, output {decimal_digits(card.output)} USD per 1K tokens, {where}; "
            f"at worst {cost.digits} USD{dearer}"
        )
