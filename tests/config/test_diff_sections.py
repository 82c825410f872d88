from dataclasses import dataclass, field, make_dataclass
from typing import Any

import msgspec
import pytest

from tornado_gateway.config import diff_sections
from tornado_gateway.config.diff_sections import sections
from tornado_gateway.config.model import ServerSettings, Settings
from tornado_gateway.domain.quotas import Limits


class Key(msgspec.Struct, frozen=True):
    id: str
    sha256: str = "planted"
    limits: Limits | None = None
    tags: dict[str, str] = {}


@dataclass(frozen=True)
class Access:
    required: bool = False
    keys: tuple[Key, ...] = ()
    urls: tuple[str, ...] = ()
    signing: str = field(default="", repr=False)


def changed(old: Any, new: Any) -> list[str]:
    """What is said of a section that has come beside those of today."""
    later = make_dataclass("Later", [("access", Any), ("server", ServerSettings)])
    return list(sections(later(old, ServerSettings()), later(new, ServerSettings())))


def test_todays_sections_and_nothing_of_what_has_its_own_words() -> None:
    old = Settings((), (), ())
    new = Settings((), (), (), allow_unpriced=True, server=ServerSettings(port=1))
    assert list(sections(old, new)) == ["server.port: 8080 -> 1"]
    assert list(sections(old, old)) == []


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        (Access(), Access(required=True), ["access.required: false -> true"]),
        (None, Access(keys=(Key("a"),), signing="planted"), None),
        (Access(signing="planted1"), Access(signing="planted2"), ["access.signing changed"]),
        (Access(keys=(Key("a", "planted1"),)), Access(keys=(Key("a", "planted2"),)), ["access.keys a.sha256 changed"]),
        (Access(), Access(keys=(Key("a"),)), ["access.keys a added"]),
        (Access(keys=(Key("a"), Key("b"))), Access(keys=(Key("b"),)), ["access.keys a removed"]),
        (
            Access(keys=(Key("a", limits=Limits(5, concurrent=1), tags={"team": "x"}),)),
            Access(keys=(Key("a", limits=Limits(6), tags={"team": "y", "job": "z"}),)),
            [
                "access.keys a.limits.requests_per_minute: 5 -> 6",
                "access.keys a.limits.concurrent: 1 -> none",
                "access.keys a.tags team: x -> y",
                "access.keys a.tags job added",
            ],
        ),
        (
            Access(urls=("redis://:planted1@host",)),
            Access(urls=("redis://:planted2@host",)),
            ["access.urls changed"],
        ),
        (Access(urls=("x",)), Access(urls=("x", "y")), ["access.urls: x -> x,y"]),
        (Limits(5), None, ["access: requests_per_minute 5 -> none"]),
    ],
)
def test_sections_that_are_not_known_by_name(old: Any, new: Any, lines: list[str] | None) -> None:
    found = changed(old, new)
    assert lines is None or found == lines
    assert found
    assert "planted" not in "\n".join(found)


def test_a_section_that_is_a_secret_as_a_whole() -> None:
    later = make_dataclass("Later", [("token", str, field(repr=False))])
    assert list(sections(later("planted1"), later("planted2"))) == ["token changed"]
    assert diff_sections.members(later("x")) == {"token": True}
