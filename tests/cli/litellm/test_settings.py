import hashlib
from typing import Any

import pytest

from tornado_gateway.cli.litellm.settings import access_of, add_cache, defaults_of, leave, state_of

from .conftest import Opened


@pytest.mark.parametrize(
    ("router", "library", "found"),
    [
        ("", "", {}),
        ("timeout: 30, num_retries: 2", "request_timeout: 600, num_retries: 5", {"timeout": 30, "max_retries": 2}),
        ("", "request_timeout: 600, num_retries: 50", {"timeout": 600, "max_retries": 20}),
        ("allowed_fails: 3, cooldown_time: 30", "", {"breaker": {"consecutive": 4, "cooldown": 30}}),
        ("allowed_fails: 3, disable_cooldowns: true", "", {"breaker": False}),
    ],
)
def test_what_every_provider_has(router: str, library: str, found: dict[str, Any]) -> None:
    file = Opened(f"r: {{{router}}}\nl: {{{library}}}\n").part
    assert defaults_of(file.part("r"), file.part("l")) == found


def access(general: str, **environ: str) -> tuple[dict[str, Any], list[str]]:
    file = Opened(f"{{{general}}}")
    return access_of(file.part, environ), file.said


def test_the_master_key_stays_good_by_its_hash_and_is_shown_nowhere() -> None:
    entry = {"id": "master", "sha256": hashlib.sha256(b"sk-planted").hexdigest()}
    for general, environ in (("master_key: sk-planted", {}), ("master_key: os.environ/M", {"M": "sk-planted"})):
        found, said = access(general, **environ)
        assert found["auth"] == {"required": True, "keys": [entry]}
        assert "sk-planted" not in f"{found}{said}"


def test_a_master_key_that_is_not_known_here_is_made_anew() -> None:
    found, said = access("master_key: os.environ/M")
    assert found["auth"] == {"required": True, "store": True}
    assert "keys new" in said[0]


def test_without_a_master_key_nobody_is_asked() -> None:
    assert access("")[0] == {"ledger": {"url": "sqlite:///usage.db"}}


def test_the_database_is_the_ledger_s_and_its_password_is_not_copied() -> None:
    assert access("database_url: os.environ/DB")[0]["ledger"] == {"url": "${DB}"}
    found, said = access("database_url: 'postgresql://u:planted@h/d'")
    assert found["ledger"] == {"url": "${DATABASE_URL}"}
    assert "planted" not in f"{found}{said}"


@pytest.mark.parametrize(
    ("router", "cache", "url"),
    [
        ("redis_host: h, redis_port: 6380", "", "redis://h:6380/0"),
        ("redis_host: os.environ/H, redis_port: os.environ/P", "", "redis://${H}:${P:-6379}/0"),
        ("redis_host: h, redis_password: os.environ/W", "", "redis://:${W}@h:6379/0"),
        ("redis_host: h, redis_password: planted", "", "redis://:${REDIS_PASSWORD}@h:6379/0"),
        ("redis_url: os.environ/U", "", "${U}"),
        ("redis_url: 'redis://:planted@h'", "", "${REDIS_URL}"),
        ("", "host: h", "redis://h:6379/0"),
    ],
)
def test_redis(router: str, cache: str, url: str) -> None:
    file = Opened(f"r: {{{router}}}\nc: {{{cache}}}\n")
    assert state_of(file.part.part("r"), file.part.part("c")) == {"state": {"url": url}}
    assert "planted" not in str(file.said)


def test_without_redis_there_is_no_state() -> None:
    file = Opened("r: {}\n").part
    assert state_of(file.part("r"), file.part("c")) == {}


@pytest.mark.parametrize(
    ("library", "cache", "said"),
    [
        ("cache: true, cache_params: {ttl: 60}", {"ttl": 60, "scope": "shared"}, []),
        ("cache: true, cache_params: {type: redis}", {"ttl": 600, "scope": "shared"}, []),
        ("cache: false, cache_params: {ttl: 60}", None, []),
        ("cache: true, cache_params: {type: s3}", None, ["has no counterpart: answers are kept in memory or Redis"]),
        (
            "cache: true, cache_params: {mode: default_off}",
            None,
            ["has no counterpart: say cache on the routes that are to have one"],
        ),
        ("cache: true, cache_params: {namespace: n}", {"ttl": 600, "scope": "shared"}, ["has no counterpart"]),
    ],
)
def test_a_cache_is_on_every_route(library: str, cache: dict[str, Any] | None, said: list[str]) -> None:
    file = Opened(f"{{{library}}}")
    routes: dict[str, dict[str, Any]] = {"a": {}}
    add_cache(routes, file.part, file.part.part("cache_params"))
    assert routes["a"].get("cache") == cache
    assert [each.split(": ", 2)[2] for each in file.said] == said


def test_what_nobody_took_is_told_of_with_a_hint_where_there_is_one() -> None:
    file = Opened("drop_params: true\nforce_ipv4: true\n")
    leave(file.part)
    assert [each.split(": ", 2)[1] for each in file.said] == ["drop_params", "force_ipv4"]
    assert "hint" in file.said[0]
