"""Settings' values as ``diff`` shows them: short, in the file's words where it has some, and no secret in any."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import msgspec

from tornado_gateway.config.source import SECRET_MEMBERS
from tornado_gateway.domain.money import Tier
from tornado_gateway.domain.peaks import OffPeak
from tornado_gateway.domain.policies import USUAL_KINDS, Fallback

HIDDEN = SECRET_MEMBERS | {"base_url", "url", "webhook", "proxy"}
"""Members that hold a secret, or may, as an address. What does not show in a ``repr`` is one too."""


def members(value: Any) -> Mapping[str, bool] | None:
    """The members of a structured value but for its place in the file, and whether each is to be hidden.

    None for a value that is a plain one, or has words of its own here.
    """
    if isinstance(value, Fallback | OffPeak | Tier):
        return None
    if is_dataclass(value):
        return {each.name: not each.repr or each.name in HIDDEN for each in fields(value) if each.name != "line"}
    if isinstance(value, msgspec.Struct):
        return {name: name in HIDDEN for name in value.__struct_fields__ if name != "line"}
    return None


def text(value: Any) -> str:
    """``value`` for people; an address without what may be a password in it."""
    if value is None:
        return "none"
    if isinstance(value, Fallback):
        return value.route if value.on == USUAL_KINDS else f"{value.route} on {'+'.join(sorted(value.on))}"
    if isinstance(value, OffPeak):
        return f"{value.factor} {value.hours} {value.time_zone}"
    if isinstance(value, Tier):
        return f"above {value.above} {' '.join(f'{name} {rate}' for name, rate in value.rates.items())}"
    known = members(value)
    if known is not None:
        return " ".join(_members(value, known)) or "none"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    if isinstance(value, Mapping):
        return ",".join(f"{name} {text(each)}" for name, each in value.items()) or "none"
    if isinstance(value, frozenset):
        value = sorted(value)
    if isinstance(value, list | tuple):
        return ",".join(text(item) for item in value) or "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and "://" in value:
        return _address(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _members(value: Any, known: Mapping[str, bool]) -> Iterator[str]:
    for name, hidden in known.items():
        member = getattr(value, name)
        if member is not None:
            yield f"{name} (hidden)" if hidden else f"{name} {text(member)}"


def _address(url: str) -> str:
    """Without user, password, query and fragment: each may be a secret, or hold one."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "(hidden)"
    bare = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    # ``sqlite:///usage.db`` has no host, and would lose two of its slashes.
    return bare if parts.netloc else url.partition("?")[0].partition("#")[0]
