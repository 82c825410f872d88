"""``tornado-gateway keys``: makes, lists, revokes and rotates the keys of the store.

A key goes to standard output, once, and what there is to say of it to standard error: a script may catch it.
"""

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from tornado_gateway.bootstrap.access_control import open_key_store
from tornado_gateway.cli import key_lists
from tornado_gateway.cli.documents import add_format, print_document
from tornado_gateway.cli.key_options import add_options, expiry, key_id, limits, span
from tornado_gateway.cli.tables import print_table
from tornado_gateway.config.build import Loaded, build_routes, load
from tornado_gateway.config.problems import ConfigInvalid
from tornado_gateway.domain.key_store import KeyExists, KeyMissing, KeyStore, StoredKey
from tornado_gateway.domain.keys import hash_of, new_secret, shown
from tornado_gateway.domain.ledger import LedgerRefused, LedgerUnavailable
from tornado_gateway.domain.nearest import did_you_mean
from tornado_gateway.reports.key_lists import of_file, of_store

Found = TypeVar("Found")
_Command = Callable[[argparse.Namespace, Loaded], int]


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("keys", help="make, list, revoke and rotate gateway keys")
    kinds = parser.add_subparsers(dest="keys", required=True, metavar="WHAT")
    new = kinds.add_parser("new", help="make a key and show it, once")
    add_options(new)
    listing = kinds.add_parser("list", help="show the keys there are, by their beginnings")
    revoke = kinds.add_parser("revoke", help="refuse a bearer's keys from now on")
    rotate = kinds.add_parser("rotate", help="make a bearer's next key; the old one is good for a while longer")
    rotate.add_argument("--expires", type=expiry, metavar="WHEN", help="of the next key; else as the one before")
    rotate.add_argument("--overlap", type=span, default="24h", metavar="SPAN", help="24h (the default), 30m, 7d, 0")
    for named in (revoke, rotate):
        named.add_argument("id", type=key_id, metavar="ID")
    for each, command in ((new, _new), (listing, _list), (revoke, _revoke), (rotate, _rotate)):
        each.add_argument("--config", type=Path, default=Path("gateway.yaml"), metavar="FILE")
        add_format(each)
        each.set_defaults(run=_guarded(command))


def _guarded(command: _Command) -> Callable[[argparse.Namespace], int]:
    """Exit code 1 where the file is bad, the database is away, or there is no such key."""

    def run(args: argparse.Namespace) -> int:
        try:
            return command(args, load(args.config, os.environ))
        except ConfigInvalid as invalid:
            for problem in invalid.problems:
                print(problem, file=sys.stderr)
        except (LedgerUnavailable, LedgerRefused) as away:
            print(away, file=sys.stderr)
        except KeyExists:
            print(f"there is a good key {args.id!r}: rotate or revoke it", file=sys.stderr)
        except KeyMissing:
            print(f"there is no good key {args.id!r} in the store", file=sys.stderr)
        return 1

    return run


def _new(args: argparse.Namespace, loaded: Loaded) -> int:
    if any(key.id == args.id for key in loaded.settings.auth.keys):
        print(f"there is a key {args.id!r} in {loaded.path}", file=sys.stderr)
        return 1
    secret = new_secret()
    key = StoredKey(
        id=args.id,
        sha256=hash_of(secret),
        prefix=shown(secret),
        created_at=datetime.now(UTC),
        owner=args.owner,
        tags=dict(args.tag),
        models=None if args.model is None else tuple(args.model),
        limits=limits(args),
        budget=args.budget,
        expires=args.expires,
    )
    if not loaded.settings.auth.store:
        _show(args, key, secret)
        print(f"auth.store is off in {loaded.path}: list the key there, by its hash", file=sys.stderr)
        print("\n".join(key_lists.entry(key)), file=sys.stderr)
    else:
        _with(loaded, lambda store: store.add(key))
        _show(args, key, secret)
    routes = build_routes(loaded.settings)
    for name in key.models or ():
        if routes.match(name) is None and not (
            name.endswith("*") and any(route.name.startswith(name[:-1]) for route in routes)
        ):
            advice = did_you_mean(name, (route.name for route in routes))
            print(f"no route serves {name!r} now{advice}", file=sys.stderr)
    return 0


def _rotate(args: argparse.Namespace, loaded: Loaded) -> int:
    now = datetime.now(UTC)
    secret = new_secret()

    def rotated(store: KeyStore) -> StoredKey:
        good = [key for key in store.stored() if key.id == args.id and key.good(now)]
        if not good:
            raise KeyMissing(args.id)
        key = replace(
            good[-1],
            sha256=hash_of(secret),
            prefix=shown(secret),
            created_at=now,
            expires=args.expires or good[-1].expires,
        )
        store.rotate(key, now + args.overlap)
        return key

    _show(args, _with(loaded, rotated), secret)
    print(f"the key before it is good until {now + args.overlap:%Y-%m-%d %H:%M} UTC", file=sys.stderr)
    return 0


def _revoke(args: argparse.Namespace, loaded: Loaded) -> int:
    count = _with(loaded, lambda store: store.revoke(args.id, datetime.now(UTC)))
    if any(key.id == args.id for key in loaded.settings.auth.keys):
        print(f"{loaded.path} lists a key {args.id!r}: remove it there, or say disabled: true", file=sys.stderr)
    if not count:
        raise KeyMissing(args.id)
    if args.format == "json":
        print_document({"id": args.id, "revoked": count})
    else:
        print(f"revoked {count} {'key' if count == 1 else 'keys'} of {args.id}")
    return 0


def _list(args: argparse.Namespace, loaded: Loaded) -> int:
    now = datetime.now(UTC)
    stored = _with(loaded, lambda store: store.stored()) if loaded.settings.auth.store else []
    listed = [of_store(key, now) for key in stored]
    listed += [of_file(key, now) for key in loaded.settings.auth.keys]
    if args.format == "json":
        print_document([each.document() for each in listed])
    elif listed:
        print_table(key_lists.COLUMNS, [key_lists.cells(each) for each in listed])
    else:
        print("there are no keys", file=sys.stderr)
    return 0


def _with(loaded: Loaded, use: Callable[[KeyStore], Found]) -> Found:
    store = open_key_store(loaded)
    try:
        return use(store)
    finally:
        store.close()


def _show(args: argparse.Namespace, key: StoredKey, secret: str) -> None:
    """The one time that a key is seen."""
    if args.format == "json":
        expires = None if key.expires is None else key.expires.isoformat()
        print_document({"id": key.id, "key": secret, "prefix": key.prefix, "expires": expires})
        return
    print(secret)
    print(f"key {key.id}, shown this once: the gateway keeps its hash alone", file=sys.stderr)
