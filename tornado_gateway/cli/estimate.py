"""``tornado-gateway estimate``: what a request would cost, whoever answers it, before it is sent."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tornado_gateway.bootstrap import DIALECTS, decode_call, make_providers
from tornado_gateway.cli.amounts import exact, short
from tornado_gateway.cli.documents import add_format, print_document
from tornado_gateway.cli.policies import of_route
from tornado_gateway.cli.problems import complain, loaded_or_told
from tornado_gateway.cli.tables import Column, print_table, printable
from tornado_gateway.cli.whole import TOKENS
from tornado_gateway.config.build import build_prices, build_routes
from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.domain.forecast import Forecast, forecast
from tornado_gateway.domain.nearest import did_you_mean
from tornado_gateway.domain.quote import Offer, Quote, quote
from tornado_gateway.reports.numbers import number

_COLUMNS = (
    Column("#"),
    Column("Target"),
    Column("Expected USD", number=True),
    Column("At worst USD", number=True),
    Column(""),
)


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("estimate", help="show what a request would cost, before it is sent")
    parser.add_argument("body", nargs="?", default="-", metavar="FILE", help="its JSON body; - is standard input")
    parser.add_argument("--config", type=Path, default=Path("gateway.yaml"), metavar="FILE")
    parser.add_argument("--dialect", choices=DIALECTS, help="default: told by the body's own shape")
    parser.add_argument("--max-tokens", type=TOKENS, metavar="N", help="of the answer, where the body sets no limit")
    add_format(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Exit code 1 where the body is no request, nobody serves its model or the file is bad."""
    loaded = loaded_or_told(args.config)
    if loaded is None:
        return 1
    name = "standard input" if args.body == "-" else args.body
    try:
        body = sys.stdin.buffer.read() if args.body == "-" else Path(args.body).read_bytes()
        call = decode_call(body, args.dialect)
        tokens = forecast(call, args.max_tokens)
    except OSError as error:
        return complain(f"{name}: can't be read: {error.strerror}")
    except InvalidRequest as error:
        return complain(f"{name}: {error}")
    routes = build_routes(loaded.settings)
    route = routes.match(call.model)
    if route is None:
        hint = did_you_mean(call.model, [route.name for route in routes], 3)
        return complain(f"no route matches {call.model!r}{hint}")
    found = quote(
        routes=routes,
        prices=build_prices(loaded.settings),
        configured={name: provider.configured for name, provider in make_providers(loaded).items()},
        route=route,
        model=call.model,
        tokens=tokens,
        at=datetime.now(UTC),
    )
    if args.format == "json":
        print_document({"model": call.model, "dialect": call.wire.protocol, **_document(found, tokens)})
        return 0
    where = f"{args.config}:{route.line}"
    print(f"model {call.model!r} is route {route.name!r} ({where}), read as {call.wire.protocol}")
    _show(found, tokens)
    return 0


def _document(found: Quote, tokens: Forecast) -> dict[str, Any]:
    return {
        "route": found.route.name,
        "tokens": {"prompt": tokens.prompt, "expected": tokens.expected, "most": tokens.most},
        "currency": "USD",
        "expected": number(found.expected),
        "worst": number(found.worst),
        "targets": [_entry(offer) for offer in found.offers],
    }


def _entry(offer: Offer) -> dict[str, Any]:
    step, card = offer.step, offer.card
    return {
        "route": step.route.name,
        "fallback": step.on is not None,
        "provider": step.target.provider,
        "model": step.model,
        "weight": step.target.weight,
        "configured": offer.configured,
        "price": None if card is None else {"row": card.model, "line": card.line},
        "expected": number(offer.expected),
        "worst": number(offer.worst),
    }


def _show(found: Quote, tokens: Forecast) -> None:
    limit = "and no limit to it" if tokens.most is None else f"{tokens.most:,} at most"
    print(f"about {tokens.prompt:,} prompt tokens; an answer of {tokens.expected:,} tokens expected, {limit}\n")
    print_table(_COLUMNS, (_row(place, offer, found) for place, offer in enumerate(found.offers, 1)))
    print()
    for line in _summary(found, tokens):
        print(line)


def _row(place: int, offer: Offer, found: Quote) -> Sequence[str]:
    expected = "" if offer.expected is None else short(offer.expected)
    worst = "" if offer.card is None else "no limit" if offer.worst is None else short(offer.worst)
    notes = ", ".join(_notes(offer, found))
    return str(place), f"{offer.step.target.provider}/{offer.step.model}", expected, worst, notes


def _notes(offer: Offer, found: Quote) -> Iterator[str]:
    step, card = offer.step, offer.card
    if step.on is not None:
        yield f"fallback {step.route.name!r}"
    if step.route.strategy == "weighted":
        yield f"weight {step.target.weight}"
    if not offer.configured:
        yield "not configured: no API key"
    if card is None:
        yield "no price: served at an unknown cost" if found.allow_unpriced else "no price: refused (model_not_priced)"
    elif card.free:
        yield "free"
    elif card.image is not None:
        yield f"and {exact(card.image)} USD for each image"


def _summary(found: Quote, tokens: Forecast) -> Iterator[str]:
    asked = next(found.asked(), None)
    if asked is None:
        yield "nobody would be asked: no target has both a key and a price"
        return
    if found.expected is not None:
        yield f"expected: {exact(found.expected)} USD, from {asked.step.target.provider}/{printable(asked.step.model)}"
    if found.worst is not None:
        both = "" if found.route.hedge is None else ", two targets at once"
        yield f"at worst: {exact(found.worst)} USD, every token of the dearest kind at the dearest target{both}"
    elif tokens.most is None:
        yield "at worst: no limit, as the body sets none to the answer; --max-tokens N assumes one"
    yield from (line.strip() for line in of_route(found.route))
