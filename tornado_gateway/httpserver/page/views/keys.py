"""Gateway keys as a table, and the form that makes one as the JSON that the API wants."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import quote

import msgspec

from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.domain.money import decimal_digits
from tornado_gateway.httpserver.page.formats import moment, money

LIMITS = ("requests_per_minute", "tokens_per_minute", "concurrent")
PERIODS = ("day", "week", "month", "total")

_STATES = {"good": "good", "expired": "warn", "revoked": "bad", "disabled": "warn"}


@dataclass(frozen=True, slots=True)
class KeyRow:
    """``address`` is where it is rotated and revoked; None where it can't be from here."""

    id: str
    prefix: str | None
    state: str
    level: str
    kept_in: str
    owner: str | None
    rights: Sequence[str]
    tags: Sequence[str]
    created_at: str | None
    expires: str | None
    address: str | None


@dataclass(frozen=True, slots=True)
class KeysView:
    store: bool
    rows: Sequence[KeyRow]


def keys_view(document: Mapping[str, Any]) -> KeysView:
    """Of what ``GET keys`` answers. Those that are good come first."""
    rows = [_row(key) for key in document["keys"]]
    return KeysView(document["store"], sorted(rows, key=lambda row: row.state != "good"))


def _row(key: Mapping[str, Any]) -> KeyRow:
    changeable = key["kept_in"] == "store" and key["state"] == "good"
    return KeyRow(
        id=key["id"],
        prefix=key["prefix"],
        state=key["state"],
        level=_STATES[key["state"]],
        kept_in=key["kept_in"],
        owner=key["owner"],
        rights=list(rights(key)),
        tags=[f"{name}={value}" for name, value in key["tags"].items()],
        created_at=None if key["created_at"] is None else moment(key["created_at"]),
        expires=None if key["expires"] is None else moment(key["expires"]),
        address=f"/admin/keys/{quote(key['id'], safe='')}" if changeable else None,
    )


def rights(key: Mapping[str, Any]) -> Iterator[str]:
    """What it may do, in words."""
    models = key["models"]
    yield "all models" if models is None else ", ".join(models) or "no model"
    for name, count in (key["limits"] or {}).items():
        yield f"{count:,} at once" if name == "concurrent" else f"{count:,} {name.replace('_', ' ')}"
    budget = key["budget"]
    if budget is not None:
        zone = "" if budget["time_zone"] == "UTC" else f" ({budget['time_zone']})"
        period = "in total" if budget["period"] == "total" else f"a {budget['period']}"
        yield f"{money(budget['amount'])} USD {period}{zone}"


def new_key(form: Mapping[str, str]) -> bytes:
    """What ``POST keys`` wants. Raises ``InvalidRequest`` for what the form can't mean; the API sees to the rest."""
    said = {name: value.strip() for name, value in form.items()}
    document: dict[str, Any] = {"id": said.get("id", "")}
    for name in ("owner", "expires"):
        if said.get(name):
            document[name] = said[name]
    if said.get("models"):
        document["models"] = said["models"].replace(",", " ").split()
    if said.get("tags"):
        document["tags"] = dict(_tag(line) for line in said["tags"].splitlines() if line.strip())
    limits = {name: _count(name, said[name]) for name in LIMITS if said.get(name)}
    if limits:
        document["limits"] = limits
    if said.get("amount"):
        document["budget"] = {"amount": _amount(said["amount"]), "period": said.get("period", "month")}
    return msgspec.json.encode(document)


def next_key(form: Mapping[str, str]) -> bytes:
    """What ``POST keys/ID/rotate`` wants."""
    given = {name: form[name].strip() for name in ("overlap", "expires") if form.get(name, "").strip()}
    return msgspec.json.encode(given)


def _tag(line: str) -> tuple[str, str]:
    name, sign, value = line.strip().partition("=")
    if not sign:
        raise InvalidRequest(f"{line.strip()[:64]!r} is no tag: write name=value, one a line.", param="tags")
    return name, value


def _count(name: str, said: str) -> int:
    digits = said.replace(",", "").replace("_", "")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 10:
        raise InvalidRequest(f"{name.replace('_', ' ')}: {said[:64]!r} is no number.", param=f"limits.{name}")
    return int(digits)


def _amount(said: str) -> msgspec.Raw:
    try:
        amount = Decimal(said) if len(said) <= 32 else Decimal("NaN")
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or abs(amount.adjusted()) > 32:
        raise InvalidRequest(f"{said[:64]!r} is no amount: write 25 or 12.50.", param="budget.amount")
    return msgspec.Raw(decimal_digits(amount).encode())
