"""Where a ledger is kept, as ``ledger.url`` says it: a file of SQLite, a PostgreSQL server, or nowhere."""

import re
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

NOWHERE = "none"

_SCHEMES = ("sqlite", "postgresql", "postgres")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*\Z", re.IGNORECASE)
_LOST_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_UNFIT = re.compile(r"[^A-Za-z0-9.-]+")


@dataclass(frozen=True, slots=True)
class SqlitePlace:
    """A path as it was written: a relative one counts from the working directory."""

    path: Path

    @property
    def label(self) -> str:
        """What its journals are called after."""
        return _UNFIT.sub("_", self.path.name)

    @property
    def folder(self) -> Path:
        """Where its journals are, unless the file says otherwise."""
        return self.path.parent

    def __str__(self) -> str:
        return f"sqlite:///{self.path}"


@dataclass(frozen=True, slots=True)
class PostgresPlace:
    """``url`` as libpq takes it, a password included; ``shown`` is for people."""

    url: str = field(repr=False)
    shown: str
    database: str

    @property
    def label(self) -> str:
        return _UNFIT.sub("_", f"postgresql-{self.database}")

    @property
    def folder(self) -> Path:
        return Path()

    def __str__(self) -> str:
        return self.shown


LedgerPlace = SqlitePlace | PostgresPlace


def parse_ledger_url(text: str) -> LedgerPlace | None:
    """None for ``none``. Raises ``ValueError`` with what is wrong and what to write instead, without any password."""
    if text.strip().lower() == NOWHERE:
        return None
    scheme, _, rest = text.partition("://")
    if not _SCHEME.match(scheme) or scheme == text:
        raise ValueError("is no URL: write sqlite:///usage.db, postgresql://user:password@host/database or none")
    scheme = scheme.lower()
    if scheme == "sqlite":
        return _sqlite(rest)
    if scheme in ("postgresql", "postgres"):
        return _postgres(text)
    raise ValueError(_unknown(scheme))


def _unknown(scheme: str) -> str:
    name, _, driver = scheme.partition("+")
    if driver and name in _SCHEMES:
        return f"{scheme!r} names a driver: write {name}://"
    near = get_close_matches(name, _SCHEMES, n=1, cutoff=0.7)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    return f"no ledger is kept in {name!r}{hint}: sqlite, postgresql or none"


def _sqlite(rest: str) -> SqlitePlace:
    if not rest.startswith("/"):
        raise ValueError(
            "a file's path begins after three slashes: sqlite:///usage.db in the working directory, "
            "sqlite:////var/lib/usage.db from the root"
        )
    path = rest[1:]
    if not path or path.endswith("/"):
        raise ValueError("names no file: write sqlite:///usage.db, or none for no ledger")
    if path == ":memory:":
        raise ValueError("a ledger in memory is lost with the process: write sqlite:///usage.db, or none for no ledger")
    if "?" in path or "\0" in path:
        raise ValueError("takes no options: write sqlite:/// and the file's path alone")
    return SqlitePlace(Path(path))


def _postgres(text: str) -> PostgresPlace:
    # What libpq can't read it quotes in its complaint, a password among it: so all of that is found here first.
    if any(character.isspace() for character in text):
        raise ValueError("holds a blank: write it as %20")
    if _LOST_ESCAPE.search(text):
        raise ValueError("holds a % that begins no escape: write it as %25")
    try:
        parts = urlsplit(text)
    except ValueError as error:
        raise ValueError("its host is malformed") from error
    if parts.fragment or text.endswith("#"):
        raise ValueError("holds a #: in a password, write it as %23")
    if parts.netloc.count("@") > 1 or "@" in parts.path + parts.query:
        raise ValueError("holds an @ too many: in a password, write @ as %40, / as %2F and ? as %3F")
    hosts = parts.netloc.rpartition("@")[2]
    for host in hosts.split(","):
        _check_host(host)
    if parts.query and not all(re.fullmatch(r"[a-z_]+=[^=]*", each) for each in parts.query.split("&")):
        raise ValueError("its options are no name=value joined by &")
    database = unquote(parts.path[1:])
    if not database or "/" in parts.path[1:]:
        raise ValueError("names no database: write postgresql://user:password@host/database")
    return PostgresPlace(url=text, shown=f"postgresql://{hosts or _socket(parts)}/{database}", database=database)


def _check_host(host: str) -> None:
    match = re.fullmatch(r"(\[[0-9A-Fa-f:.%]+\]|[^:\[\]]*)(?::([^:]*))?", host)
    if match is None:
        raise ValueError("its host is malformed")
    port = match[2]
    if port is not None and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise ValueError("its port is no number from 1 to 65535: in a password, write : as %3A")


def _socket(parts: SplitResult) -> str:
    """The ``host`` option's value, which names a socket's folder."""
    found = re.search(r"(?:^|&)host=([^&]*)", parts.query)
    return unquote(found[1]) if found else "the local socket"
