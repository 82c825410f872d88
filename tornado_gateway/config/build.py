"""bytes -> Snapshot, the same way for serve, check, explain and every reload."""

import hashlib
from collections.abc import Callable, Mapping, Set
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from errno import EINVAL
from ipaddress import ip_network
from pathlib import Path
from stat import S_ISREG

import msgspec

from tornado_gateway.config.build_guardrails import build_guards
from tornado_gateway.config.crosscheck import crosscheck
from tornado_gateway.config.crosscheck_expect import check_expectations
from tornado_gateway.config.decode import decode
from tornado_gateway.config.model import ProviderSettings, Settings
from tornado_gateway.config.problems import ConfigInvalid, Position, Problem
from tornado_gateway.config.schema import settle_types, validate
from tornado_gateway.config.secret_files import SecretFiles
from tornado_gateway.config.source import Path as KeyPath
from tornado_gateway.config.source import Source, read
from tornado_gateway.domain.access import Access
from tornado_gateway.domain.administration import AdminPolicy
from tornado_gateway.domain.endpoints import DEFAULT_CONNECT, Endpoint, Provider
from tornado_gateway.domain.keys import KeyRing
from tornado_gateway.domain.policies import Timeouts
from tornado_gateway.domain.ports import ChatProvider
from tornado_gateway.domain.prices import PriceTable
from tornado_gateway.domain.routes import Route, RouteTable, RouteTarget
from tornado_gateway.domain.snapshot import ServerPolicy, Snapshot

MakeProvider = Callable[[ProviderSettings], ChatProvider]
"""One adapter, for the first endpoint of the settings."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A good file: its settings, the hash of what they say, and what is odd about it all the same."""

    path: Path
    settings: Settings
    revision: str
    warnings: tuple[Problem, ...] = ()
    source: Source | None = field(default=None, repr=False, compare=False)
    """What the file says and where, for whoever shows it; secrets are in it."""


def load(path: Path, environ: Mapping[str, str]) -> Loaded:
    """Reads and checks the file. Raises ``ConfigInvalid`` with every problem it has."""
    return parse(read_file(path), path, environ)


def read_file(path: Path, *, again: bool = False) -> bytes:
    """The file's content. Raises ``ConfigInvalid`` where it can't be read.

    ``again``: it has been read before. A pipe has nothing to say then, and whoever asks would wait for ever.
    """
    try:
        if again and not S_ISREG(path.stat().st_mode):
            raise OSError(EINVAL, "it is no regular file")
        return path.read_bytes()
    except OSError as error:
        problem = Problem(str(path), Position(1, 1), (), f"can't be read: {error.strerror}")
        raise ConfigInvalid([problem]) from error


def parse(content: bytes, path: Path, environ: Mapping[str, str], files: SecretFiles | None = None) -> Loaded:
    """``load`` for bytes that somebody has read already; ``path`` names them in problems. ``files`` knows afterwards
    which others the text refers to."""
    files = SecretFiles() if files is None else files
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = len(content[content.rfind(b"\n", 0, error.start) + 1 : error.start].decode()) + 1
        raise ConfigInvalid([Problem(str(path), Position(line, column), (), "not UTF-8")]) from error
    source = read(text, str(path), environ, files)
    settle_types(source)
    found = list(source.problems)
    for look in (validate, crosscheck):
        # What is wrong with a place makes whatever else is said of it, or of what it holds, guesswork.
        said = {problem.path for problem in found if problem.path and not problem.missing}
        found += [problem for problem in look(source) if not _below(problem, said)]
    # What a price comes to can be told where nothing is wrong with the prices.
    if not any(problem.severity == "error" and problem.path[:1] in ((), ("pricing",)) for problem in found):
        found += check_expectations(source)
    found = [replace(problem, message=files.hide(source.hide(problem.message))) for problem in found]
    errors = [problem for problem in found if problem.severity == "error"]
    if errors:
        raise ConfigInvalid(errors)
    settings = decode(source)
    warnings = tuple(problem for problem in found if problem.severity == "warning")
    return Loaded(path, settings, revision_of(settings), warnings, source)


def _below(problem: Problem, said: Set[KeyPath]) -> bool:
    return any(problem.path[:length] in said for length in range(1, len(problem.path) + 1))


def revision_of(settings: Settings) -> str:
    """12 hex digits that tell what the settings say, not how the file words it."""
    document = asdict(settings)
    for entry in document["routes"]:
        del entry["line"]
    document["prices"] = [msgspec.structs.replace(card, line=None) for card in settings.prices]
    # A set's own order is another one in every process.
    return hashlib.sha256(msgspec.json.encode(document, order="deterministic")).hexdigest()[:12]


def build(loaded: Loaded, *, make_provider: MakeProvider, now: Callable[[], datetime]) -> Snapshot:
    """The whole new world of one revision."""
    settings = loaded.settings
    server = settings.server
    return Snapshot(
        revision=loaded.revision,
        loaded_at=now(),
        routes=build_routes(settings),
        prices=build_prices(settings),
        providers={provider.name: build_provider(provider, make_provider) for provider in settings.providers},
        quotas=settings.quotas,
        webhooks=settings.webhooks,
        cors=settings.cors,
        access=build_access(settings),
        admin=AdminPolicy.of(settings.admin.token, write=settings.admin.write),
        server=ServerPolicy(
            read_timeout=server.read_timeout,
            write_timeout=server.write_timeout,
            max_body_bytes=server.max_body_bytes,
            drain_timeout=server.drain_timeout,
            keep_alive=server.keep_alive,
            max_connections=server.max_connections,
            trusted_proxies=tuple(ip_network(each, strict=False) for each in server.trusted_proxies),
        ),
        cache_bytes=settings.cache.memory_bytes,
    )


def build_provider(settings: ProviderSettings, make: MakeProvider) -> Provider:
    """The provider with those of its endpoints that have a key."""
    made = [
        Endpoint((settings.name, index), make(replace(settings, endpoints=(endpoint,))), endpoint.weight)
        for index, endpoint in enumerate(settings.endpoints)
    ]
    usual = Timeouts(min(DEFAULT_CONNECT, settings.timeout), settings.timeout, settings.timeout, None)
    return Provider(
        name=settings.name,
        endpoints=tuple(endpoint for endpoint in made if endpoint.adapter.configured),
        retries=made[0].adapter.retries,
        timeouts=settings.timeouts.over(usual),
        timeout=settings.timeouts.total or settings.timeout,
        breaker=settings.breaker,
        concurrency=settings.concurrency,
        probe=settings.probe,
        kind=settings.options.get("vendor") or settings.kind,
        fingerprint=_fingerprint(settings),
    )


def _fingerprint(settings: ProviderSettings) -> str:
    """Tells who answers: the same kind, addresses and options under other keys are the same."""
    addresses = sorted(endpoint.base_url or "" for endpoint in settings.endpoints)
    said = (settings.kind, addresses, settings.options)
    return hashlib.sha256(msgspec.json.encode(said, order="deterministic")).hexdigest()


def build_routes(settings: Settings) -> RouteTable:
    guards = build_guards(settings)
    return RouteTable(
        Route(
            name=route.name,
            targets=tuple(RouteTarget(target.provider, target.model, target.weight) for target in route.targets),
            strategy=route.strategy,
            fallbacks=route.fallbacks,
            retries=route.retries,
            timeouts=route.timeouts,
            hedge=route.hedge,
            mirror=route.mirror,
            cache=route.cache,
            guards=guards.get(route.name),
            line=route.line,
        )
        for route in settings.routes
    )


def build_access(settings: Settings) -> Access:
    auth = settings.auth
    return Access(auth.required, KeyRing(auth.keys), auth.store, auth.jwt, auth.metrics)


def build_prices(settings: Settings) -> PriceTable:
    return PriceTable(settings.prices, allow_unpriced=settings.allow_unpriced)
