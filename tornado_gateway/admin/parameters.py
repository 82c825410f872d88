"""What a query string asks for, read with a good word for what it can't mean."""

import re
from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from tornado_gateway.domain.administration import Asked
from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.domain.nearest import did_you_mean

_AGE = re.compile(r"(\d{1,6})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_LONGEST = 512
_FIRST, _LAST = 1970, 9999
"""Years, the latter not included: what all databases count with."""


class Parameters:
    """Those of one request. Raises ``InvalidRequest`` for one that is not among ``known``."""

    def __init__(self, asked: Asked, known: Collection[str], now: datetime) -> None:
        self._given = asked.parameters
        self._now = now
        for name in asked.parameters:
            if name not in known:
                message = f"There is no parameter {name[:64]!r}{did_you_mean(name[:64], known)}."
                raise InvalidRequest(message, param=name[:64])

    def text(self, name: str) -> str | None:
        values = self._given.get(name, ())
        if len(values) > 1:
            raise InvalidRequest(f"{name} is given more than once.", param=name)
        if not values or not values[0]:
            return None
        return self._fit(name, values[0])

    def texts(self, name: str) -> list[str]:
        """Given several times, or with commas between."""
        return [self._fit(name, each) for value in self._given.get(name, ()) for each in value.split(",") if each]

    def each(self, name: str) -> list[str]:
        """Given several times; a comma is a part of it."""
        return [self._fit(name, value) for value in self._given.get(name, ())]

    def number(self, name: str, *, usual: int, least: int = 1, most: int) -> int:
        text = self.text(name)
        if text is None:
            return usual
        if not (text.isascii() and text.isdigit()) or len(text) > 10 or not least <= int(text) <= most:
            raise InvalidRequest(f"{name} must be a number from {least} to {most}.", param=name)
        return int(text)

    def flag(self, name: str) -> bool:
        text = self.text(name)
        if text not in (None, "true", "false"):
            raise InvalidRequest(f"{name} must be true or false.", param=name)
        return text == "true"

    def moment(self, name: str) -> datetime | None:
        """``2026-01-31``, ``2026-01-31T12:30`` (UTC, or with an offset), or an age: ``90m``, ``7d``, ``4w``."""
        text = self.text(name)
        if text is None:
            return None
        age = _AGE.fullmatch(text) if text.isascii() else None
        try:
            if age is not None:
                return self._now - timedelta(**{_UNITS[age[2]]: int(age[1])})
            at = datetime.fromisoformat(text)
            at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
            if not _FIRST <= at.year < _LAST:
                raise ValueError
        except (ValueError, OverflowError) as error:
            message = f"{name} is no time: write 2026-01-31, 2026-01-31T12:30, or an age such as 36h or 7d."
            raise InvalidRequest(message, param=name) from error
        return at

    @staticmethod
    def _fit(name: str, text: str) -> str:
        if len(text) > _LONGEST or "\0" in text:
            raise InvalidRequest(f"{name} is longer than {_LONGEST} characters, or holds a NUL.", param=name)
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise InvalidRequest(f"{name} is no text.", param=name) from error
        return text
