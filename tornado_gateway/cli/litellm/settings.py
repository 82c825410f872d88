"""What a LiteLLM file says of all models together: patience, keys, the database, Redis, the cache. Pure.

Source: docs.litellm.ai, "All settings" of the proxy's config.yaml.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from tornado_gateway.cli.litellm.document import Part, is_reference, is_whole, positive, said, variable

_HINTS = {
    "success_callback": "has no counterpart: calls are in the ledger, the log and /metrics",
    "failure_callback": "has no counterpart: calls are in the ledger, the log and /metrics",
    "callbacks": "has no counterpart: calls are in the ledger, the log and /metrics",
    "drop_params": "has no counterpart: what a provider has no place for is refused, a mere hint dropped and told of",
}
_CACHES = {None: 600, "local": 600, "redis": 600}
"""Kinds of cache, and the seconds that LiteLLM keeps an answer where the file says nothing."""


def defaults_of(router: Part, library: Part) -> dict[str, Any]:
    """What every provider has that says nothing else."""
    found: dict[str, Any] = {}
    for part, name in ((library, "request_timeout"), (router, "timeout")):
        seconds = part.take(name)
        if positive(seconds):
            found["timeout"] = seconds
    for part in (library, router):
        tries = part.take("num_retries")
        if is_whole(tries):
            found["max_retries"] = max(0, min(tries, 20))
    breaker = _breaker(router)
    return found if breaker is None else {**found, "breaker": breaker}


def _breaker(router: Part) -> dict[str, Any] | bool | None:
    fails, seconds = router.take("allowed_fails"), router.take("cooldown_time")
    if router.take("disable_cooldowns") is True:
        return False
    breaker: dict[str, Any] = {}
    if is_whole(fails) and fails >= 0:
        breaker["consecutive"] = fails + 1
    if positive(seconds):
        breaker["cooldown"] = seconds
    return breaker or None


def access_of(general: Part, environ: Mapping[str, str]) -> dict[str, Any]:
    """``auth`` and ``ledger``. The master key stays good as a caller's key, by its hash, where it can be known here."""
    master, database = general.take("master_key"), general.take("database_url")
    sections: dict[str, Any] = {"ledger": {"url": "sqlite:///usage.db"}}
    if isinstance(database, str) and database:
        name = variable(database) if is_reference(database) else "DATABASE_URL"
        sections["ledger"] = {"url": f"${{{name}}}"}
        if not is_reference(database):
            general.note(f"holds a password, and is not copied: set {name}", "database_url")
        general.note(
            "virtual keys are not read: LiteLLM_VerificationToken.token is a key's SHA-256, as auth.keys takes it",
            "database_url",
        )
    if not isinstance(master, str) or not master:
        return sections
    key = environ.get(variable(master)) if is_reference(master) else master
    auth: dict[str, Any] = {"required": True}
    if key:
        auth["keys"] = [{"id": "master", "sha256": hashlib.sha256(key.encode()).hexdigest()}]
        general.note("is a caller's key here, by its hash, and manages nothing", "master_key")
    else:
        auth["store"] = True
        general.note("is not set here: make a key with tornado-gateway keys new --id master", "master_key")
    return {"auth": auth, **sections}


def state_of(router: Part, cache: Part) -> dict[str, Any]:
    """``state`` where some Redis is named."""
    for part, names in (
        (router, ("redis_url", "redis_host", "redis_port", "redis_password")),
        (cache, ("url", "host", "port", "password")),
    ):
        url, host, port, password = (part.take(name) for name in names)
        if isinstance(url, str) and url:
            if is_reference(url):
                return {"state": {"url": said(url)}}
            part.note("may hold a password, and is not copied: set REDIS_URL", names[0])
            return {"state": {"url": "${REDIS_URL}"}}
        if isinstance(host, str) and host:
            return {"state": {"url": f"redis://{_password(part, names[3], password)}{said(host)}:{_port(port)}/0"}}
    return {}


def _password(part: Part, name: str, given: Any) -> str:
    if not isinstance(given, str) or not given:
        return ""
    called = variable(given) if is_reference(given) else "REDIS_PASSWORD"
    if not is_reference(given):
        part.note(f"is not copied: set {called}", name)
    return f":${{{called}}}@"


def _port(given: Any) -> str:
    return f"${{{variable(given)}:-6379}}" if is_reference(given) else str(given or 6379)


def add_cache(routes: Mapping[str, dict[str, Any]], library: Part, cache: Part) -> None:
    """``cache: true`` is a cache on every route that everybody shares, as it is in LiteLLM."""
    on, kind, ttl = library.take("cache"), cache.take("type"), cache.take("ttl")
    mode = cache.take("mode")
    cache.leave()
    if on is not True:
        return
    if kind not in _CACHES:
        cache.note("has no counterpart: answers are kept in memory or Redis", "type")
        return
    if mode == "default_off":
        cache.note("has no counterpart: say cache on the routes that are to have one", "mode")
        return
    for route in routes.values():
        route["cache"] = {"ttl": ttl if positive(ttl) else _CACHES[kind], "scope": "shared"}


def leave(*parts: Part) -> None:
    """Tells of what nobody took, with a hint where there is one."""
    for part in parts:
        for name, hint in _HINTS.items():
            if part.take(name) is not None:
                part.note(hint, name)
        part.leave()
