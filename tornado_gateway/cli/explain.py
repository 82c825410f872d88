"""``tornado-gateway explain``: who would serve a model, and what a request may cost."""

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from tornado_gateway.config.build import Loaded, build_prices, build_routes, load
from tornado_gateway.config.problems import ConfigInvalid, did_you_mean
from tornado_gateway.domain.money import PriceCard
from tornado_gateway.domain.prices import PriceTable
from tornado_gateway.domain.pricing import price
from tornado_gateway.domain.routes import Route, RouteTable
from tornado_gateway.domain.usage import TokenUsage


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("explain", help="show who serves a model and what a request may cost")
    parser.add_argument("model", metavar="MODEL")
    parser.add_argument("--config", type=Path, default=Path("gateway.yaml"), metavar="FILE")
    parser.add_argument("--prompt-tokens", type=int, default=1000, metavar="N")
    parser.add_argument("--max-tokens", type=int, default=1000, metavar="N")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Exit code 1 where no route matches or the file is bad."""
    try:
        loaded = load(args.config, os.environ)
    except ConfigInvalid as invalid:
        for problem in invalid.problems:
            print(problem, file=sys.stderr)
        return 1
    routes, prices = build_routes(loaded.settings), build_prices(loaded.settings)
    route = routes.match(args.model)
    if route is None:
        advice = did_you_mean(args.model, (known.name for known in routes))
        print(f"no route matches {args.model!r}{advice}", file=sys.stderr)
        return 1
    usage = TokenUsage(input=args.prompt_tokens, output=args.max_tokens)
    for line in _explanation(args.model, route, routes, prices, loaded, usage):
        print(line)
    return 0


def _explanation(
    model: str, route: Route, routes: RouteTable, prices: PriceTable, loaded: Loaded, usage: TokenUsage
) -> Iterator[str]:
    file = loaded.path
    matched = "exactly" if route.name == model else f"by the pattern {route.name!r}"
    yield f"model {model!r} is route {route.name!r} ({file}:{route.line}), matched {matched}"
    yield f"strategy: {route.strategy}"
    for label, each, wanted in _stages(model, route, routes):
        yield f"{label}:"
        for number, target in enumerate(each.targets, 1):
            upstream = target.model or wanted
            configured = next(p for p in loaded.settings.providers if p.name == target.provider).configured
            state = "" if configured else "  [not configured: no API key]"
            weight = f"  weight {target.weight}" if each.strategy == "weighted" else ""
            yield f"  {number}. {target.provider}/{upstream}{weight}{state}"
            yield f"     {_price_line(prices.find(target.provider, upstream), file, usage, prices.allow_unpriced)}"


def _stages(model: str, route: Route, routes: RouteTable) -> Iterator[tuple[str, Route, str]]:
    yield "targets", route, model
    seen = {route.name}
    waiting = list(route.fallbacks)
    while waiting:
        name = waiting.pop(0)
        fallback = routes.get(name) or routes.match(name)
        if fallback is None or fallback.name in seen:
            continue
        seen.add(fallback.name)
        yield f"fallback {fallback.name!r}", fallback, model if name.endswith("*") else name
        waiting = [*fallback.fallbacks, *waiting]


def _price_line(card: PriceCard | None, file: Path, usage: TokenUsage, allow_unpriced: bool) -> str:
    if card is None:
        return "no price: served at an unknown cost" if allow_unpriced else "no price: refused (model_not_priced)"
    where = f"{file}:{card.line}"
    if card.free:
        return f"free, price row {card.model} at {where}"
    worst = price(usage, card).digits
    return (
        f"input {card.input} / output {card.output} USD per 1K tokens, price row {card.model} at {where}; "
        f"worst case for {usage.prompt_tokens} prompt and {usage.completion_tokens} completion tokens: {worst} USD"
    )
