"""Gateway keys for operators: those of the store and of the file, made, rotated and revoked in the store.

A key itself is told once, to whoever made it.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from tornado_gateway.admin.documents import told
from tornado_gateway.admin.parameters import Parameters
from tornado_gateway.admin.reading import LedgerReader, Patience
from tornado_gateway.domain.admin_errors import AdminConflict
from tornado_gateway.domain.administration import Asked, Told
from tornado_gateway.domain.errors import InvalidRequest, NotFound
from tornado_gateway.domain.key_store import KeyExists, KeyMissing, KeyStore, StoredKey
from tornado_gateway.domain.keys import hash_of, new_secret, shown
from tornado_gateway.domain.money import decimal_digits
from tornado_gateway.domain.nearest import did_you_mean
from tornado_gateway.domain.ports import Clock
from tornado_gateway.domain.quotas import Budget, Limits
from tornado_gateway.domain.snapshot import SnapshotHolder
from tornado_gateway.reports import key_members
from tornado_gateway.reports.key_lists import of_file, of_store
from tornado_gateway.reports.key_members import Misread

Found = TypeVar("Found")

_AT = re.compile(r"(.*) - at `\$\.?(.*)`")
_MOST_USD = 5_000_000


class _Budget(msgspec.Struct, forbid_unknown_fields=True):
    amount: Decimal
    period: str
    time_zone: str = "UTC"


class _Limits(msgspec.Struct, forbid_unknown_fields=True):
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    concurrent: int | None = None


class _New(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    owner: str | None = None
    tags: dict[str, str] = {}
    models: list[str] | None = None
    limits: _Limits | None = None
    budget: _Budget | None = None
    expires: str | None = None


class _Next(msgspec.Struct, forbid_unknown_fields=True):
    overlap: str = "24h"
    expires: str | None = None


class Keys:
    """``changed`` brings about that this process knows of a change; others find it within a second."""

    def __init__(
        self,
        *,
        reader: LedgerReader[KeyStore],
        snapshots: SnapshotHolder,
        changed: Callable[[], Awaitable[None]],
        clock: Clock,
    ) -> None:
        self._reader = reader
        self._snapshots = snapshots
        self._changed = changed
        self._clock = clock

    async def listed(self, asked: Asked) -> Told:
        now = self._clock.now()
        Parameters(asked, (), now)
        access = self._snapshots.current.access
        stored = await self._reader.ask(_stored) if access.stored else []
        keys = [*(of_store(key, now) for key in stored), *(of_file(key, now) for key in access.keys)]
        return told({"store": access.stored, "keys": [key.document() for key in keys]})

    async def new(self, asked: Asked) -> Told:
        """201 with the key, this once."""
        self._check(asked)
        said = _decoded(asked.body, _New)
        secret = new_secret()
        key = _made(said, secret, self._clock.now())
        if any(each.id == key.id for each in self._snapshots.current.access.keys):
            raise AdminConflict(f"There is a key {key.id!r} in gateway.yaml.", param="id")

        def add(store: KeyStore, check: Patience) -> None:
            store.add(key)

        try:
            await self._reader.ask(add)
        except KeyExists as exists:
            raise AdminConflict(f"There is a good key {key.id!r}: rotate or revoke it.", param="id") from exists
        return await self._shown(key, secret, 201)

    async def rotate(self, asked: Asked) -> Told:
        """The next key of a bearer; the one before is good for a while longer."""
        self._check(asked)
        said = _decoded(asked.body or b"{}", _Next)
        name, now = _name(asked), self._clock.now()
        overlap = _read(key_members.span, said.overlap, "overlap")
        expires = None if said.expires is None else _read(key_members.expiry, said.expires, "expires")
        secret = new_secret()

        def rotated(store: KeyStore, check: Patience) -> StoredKey:
            good = [key for key in store.stored() if key.id == name and key.good(now)]
            if not good:
                raise KeyMissing(name)
            key = replace(
                good[-1],
                sha256=hash_of(secret),
                prefix=shown(secret),
                created_at=now,
                expires=expires or good[-1].expires,
            )
            store.rotate(key, now + overlap)
            return key

        try:
            key = await self._reader.ask(rotated)
        except KeyMissing as missing:
            raise NotFound(f"There is no good key {name!r} in the store.") from missing
        return await self._shown(key, secret, 200)

    async def revoke(self, asked: Asked) -> Told:
        """Refuses all keys of a bearer from now on."""
        self._check(asked)
        name, now = _name(asked), self._clock.now()

        def revoked(store: KeyStore, check: Patience) -> int:
            return store.revoke(name, now)

        count = await self._reader.ask(revoked)
        if not count:
            raise NotFound(f"There is no good key {name!r} in the store.")
        await self._changed()
        return told({"id": name, "revoked": count})

    def _check(self, asked: Asked) -> None:
        Parameters(asked, (), self._clock.now())
        if not self._snapshots.current.access.stored:
            raise AdminConflict("Keys of the store are off: write auth.store: true in gateway.yaml.")

    async def _shown(self, key: StoredKey, secret: str, status: int) -> Told:
        await self._changed()
        routes = self._snapshots.current.routes
        notes = [
            f"no route serves {name!r} now{did_you_mean(name, (route.name for route in routes))}"
            for name in key.models or ()
            if routes.match(name) is None
            and not (name.endswith("*") and any(route.name.startswith(name[:-1]) for route in routes))
        ]
        return told({"key": secret, **of_store(key, key.created_at).document(), "notes": notes}, status)


def _stored(store: KeyStore, check: Patience) -> list[StoredKey]:
    return store.stored()


def _name(asked: Asked) -> str:
    name = asked.path.split("/")[1]
    try:
        return key_members.key_id(name)
    except Misread as error:
        raise NotFound("There is no such key.") from error


def _decoded(body: bytes, kind: type[Found]) -> Found:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        found = _AT.fullmatch(str(error))
        message, path = (str(error), None) if found is None else (found[1], found[2])
        raise InvalidRequest(f"{path}: {message}." if path else f"{message}.", param=path) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequest("The body is no JSON.") from error


def _made(said: _New, secret: str, now: datetime) -> StoredKey:
    """Raises ``InvalidRequest`` that names the member, as the command line does its options."""
    return StoredKey(
        id=_read(key_members.key_id, said.id, "id"),
        sha256=hash_of(secret),
        prefix=shown(secret),
        created_at=now,
        owner=None if said.owner is None else _read(key_members.text, said.owner, "owner"),
        tags=dict(_read(key_members.tag, f"{name}={value}", "tags") for name, value in said.tags.items()),
        models=None if said.models is None else tuple(_read(key_members.model, each, "models") for each in said.models),
        limits=_limits(said.limits),
        budget=_budget(said.budget),
        expires=None if said.expires is None else _read(key_members.expiry, said.expires, "expires"),
    )


def _limits(said: _Limits | None) -> Limits | None:
    if said is None:
        return None
    given = {name: count for name, count in msgspec.structs.asdict(said).items() if count is not None}
    counts = {name: _read(key_members.count, str(count), f"limits.{name}") for name, count in given.items()}
    return Limits(**counts) if counts else None


def _budget(said: _Budget | None) -> Budget | None:
    if said is None:
        return None
    if not said.amount.is_finite() or not Decimal("1e-12") <= said.amount <= _MOST_USD:
        raise InvalidRequest(f"budget.amount must be more than 0 and at most {_MOST_USD}.", param="budget.amount")
    made = _read(key_members.budget, f"{decimal_digits(said.amount)}/{said.period}", "budget.period")
    try:
        ZoneInfo(said.time_zone)
    except (ValueError, OSError, KeyError) as error:
        raise InvalidRequest(f"{said.time_zone!r} is no time zone.", param="budget.time_zone") from error
    return msgspec.structs.replace(made, time_zone=said.time_zone)


def _read(read: Callable[[str], Found], said: Any, member: str) -> Found:
    try:
        return read(said)
    except Misread as error:
        raise InvalidRequest(f"{member}: {error}.", param=member) from error
