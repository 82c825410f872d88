"""Assets: the page's scripts, styles and fonts, read once, under addresses that change with what they hold."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

FOLDER = Path(__file__).parent / "static"

ADDRESS = "/admin/static/"

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
}

_REFERENCE = re.compile(rb"url\(([\w./-]+)\)")


@dataclass(frozen=True, slots=True)
class Asset:
    content: bytes
    content_type: str
    digest: str


class Assets:
    """Of the files under ``folder``. Nothing is read before the first is asked for."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder

    def address(self, name: str) -> str:
        """Where a browser finds ``name``, and may keep it for ever. Raises ``KeyError`` where there is none."""
        return f"{ADDRESS}{self._all[name].digest}/{name}"

    def find(self, name: str) -> Asset | None:
        return self._all.get(name)

    @cached_property
    def _all(self) -> Mapping[str, Asset]:
        made: dict[str, Asset] = {}
        # Styles last: they name others, by what those hold.
        for path in sorted(self._folder.rglob("*"), key=lambda path: (path.suffix == ".css", path)):
            content_type = _TYPES.get(path.suffix)
            if content_type is None:
                continue
            content = path.read_bytes()
            if path.suffix == ".css":
                content = _REFERENCE.sub(lambda found: _followed(found, made), content)
            name = path.relative_to(self._folder).as_posix()
            made[name] = Asset(content, content_type, sha256(content).hexdigest()[:16])
        return made


def _followed(found: re.Match[bytes], made: Mapping[str, Asset]) -> bytes:
    name = found[1].decode()
    return f"url({ADDRESS}{made[name].digest}/{name})".encode()
