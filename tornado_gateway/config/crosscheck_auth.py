"""Crosschecks of ``auth``: whether strangers are kept out where they could come, and whether the keys make sense."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from tornado_gateway.config.crosscheck_jwt import check_jwt
from tornado_gateway.config.decode_prices import moment
from tornado_gateway.config.model import ServerSettings
from tornado_gateway.config.model_ledger import LedgerSettings
from tornado_gateway.config.outline import Outline
from tornado_gateway.config.problems import Problem
from tornado_gateway.config.source import Path, Source
from tornado_gateway.domain.exposure import is_loopback
from tornado_gateway.domain.keys import hash_of
from tornado_gateway.domain.ledger_url import NOWHERE
from tornado_gateway.domain.nearest import Adviser
from tornado_gateway.domain.routes import RouteTable


def check_auth(source: Source, document: Outline) -> Iterator[Problem]:
    auth = source.value.get("auth") if isinstance(source.value, dict) else None
    section: dict[str, Any] = auth if isinstance(auth, dict) else {}
    yield from _exposure(source, document, section)
    yield from _store(source, document, section)
    keys = section.get("keys")
    if isinstance(keys, list):
        yield from _keys(source, document, keys)
    if isinstance(section.get("jwt"), dict):
        yield from check_jwt(source, section["jwt"])
        yield from check_models(source, ("auth", "jwt"), section["jwt"], document.table)


def _exposure(source: Source, document: Outline, section: dict[str, Any]) -> Iterator[Problem]:
    host = document.server.get("host", ServerSettings().host)
    required = section.get("required", "auto")
    ways = bool(section.get("keys") or section.get("jwt") or section.get("store"))
    if required == "auto" and isinstance(host, str):
        if not is_loopback(host) and not ways:
            message = (
                f"{host!r} can be reached from outside, and nobody is asked who calls: "
                "list auth.keys, or write auth.required: false"
            )
            yield source.problem(("server", "host"), message)
        elif is_loopback(host) and ways:
            message = "callers without a key are let in too: write required: true, or required: false if that is meant"
            yield source.warning(("auth",), message, key=True)
    if required is True and not ways:
        yield source.warning(("auth", "required"), "nobody gets in: there are no keys, no jwt and no store")
    if section.get("metrics") is True and not ways:
        yield source.warning(("auth", "metrics"), "nobody can read them: there are no keys, no jwt and no store")


def _store(source: Source, document: Outline, section: dict[str, Any]) -> Iterator[Problem]:
    if section.get("store") is not True:
        return
    url = document.ledger.get("url") or LedgerSettings().url
    if isinstance(url, str) and url.strip().lower() == NOWHERE:
        message = "keys are stored in the ledger's database, and there is none: say where under ledger.url"
        yield source.problem(("auth", "store"), message)


def _keys(source: Source, document: Outline, keys: list[Any]) -> Iterator[Problem]:
    seen: dict[tuple[str, str], int] = {}
    for index, key in enumerate(keys):
        path: Path = ("auth", "keys", index)
        if not isinstance(key, dict):
            continue
        for name, what in (("id", "id"), ("sha256", "key")):
            value = key.get(name)
            if isinstance(value, str):
                first = seen.setdefault((name, value.lower()), index)
                if first != index:
                    yield source.problem((*path, name), f"the same {what} as keys[{first}]")
        if isinstance(key.get("sha256"), str) and key["sha256"].lower() == hash_of(""):
            yield source.problem((*path, "sha256"), "the hash of an empty text: the key was not set where it was made")
        yield from check_models(source, path, key, document.table)
        yield from _expiry(source, (*path, "expires"), key.get("expires"))


def check_models(source: Source, path: Path, entry: dict[str, Any], table: RouteTable) -> Iterator[Problem]:
    """What a key's ``models`` name must be there; a pattern may wait for what it is for."""
    models = entry.get("models")
    advice = Adviser(route.name for route in table)
    for index, model in enumerate(models if isinstance(models, list) else ()):
        if not isinstance(model, str):
            continue
        place = (*path, "models", index)
        if not model.endswith("*"):
            if table.match(model) is None:
                yield source.problem(place, f"no route serves {model!r}{advice(model)}")
        elif table.match(model) is None and not any(route.name.startswith(model[:-1]) for route in table):
            yield source.warning(place, f"no route's name is like {model!r}{advice(model)}")


def _expiry(source: Source, path: Path, text: Any) -> Iterator[Problem]:
    if not isinstance(text, str):
        return
    try:
        end = moment(text)
    except ValueError:
        yield source.problem(path, f"{text!r} is no day of the calendar")
        return
    if end is not None and end <= datetime.now(UTC):
        yield source.warning(path, "the key has expired and is refused: remove it, or give its bearer another one")
