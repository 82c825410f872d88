"""Fetches what the admin page has from npm's registry, once for each version: vendor.py [--check].

Versions and integrity are pinned here; a package that is not the pinned one is refused. What is taken is committed,
with its licence and ``vendor.json``, which says of each file where it is from and its SHA-256: nothing is fetched where
the gateway is installed. ``--check`` compares the files with what the packages hold, and changes nothing.
"""

import base64
import hashlib
import io
import json
import sys
import tarfile
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "tornado_gateway" / "httpserver" / "page" / "static" / "vendor"

_REGISTRY = "https://registry.npmjs.org"


@dataclass(frozen=True)
class Package:
    """``files``: names in the package by the names that they get here."""

    name: str
    version: str
    integrity: str
    licence: str
    files: Mapping[str, str]

    @property
    def url(self) -> str:
        return f"{_REGISTRY}/{self.name}/-/{self.name.rpartition('/')[2]}-{self.version}.tgz"


PACKAGES = (
    Package(
        name="uplot",
        version="1.6.32",
        integrity="sha512-KIMVnG68zvu5XXUbC4LQEPnhwOxBuLyW1AHtpm6IKTXImkbLgkMy+jabjLgSLMasNuGGzQm/ep3tOkyTxpiQIw==",
        licence="MIT",
        files={
            "uplot.js": "dist/uPlot.iife.min.js",
            "uplot.css": "dist/uPlot.min.css",
            "uplot.LICENSE.txt": "LICENSE",
        },
    ),
    Package(
        name="@fontsource-variable/inter",
        version="5.3.0",
        integrity="sha512-OupL48va4JNofb97w6NYeF9S7W/kHNKM0Er8Dem5nqi4jeOLrVJDoE8tZEpnMJmtkvNbB1EIPPwHcdkF6b1oUA==",
        licence="OFL-1.1",
        files={"inter.woff2": "files/inter-latin-wght-normal.woff2", "inter.LICENSE.txt": "LICENSE"},
    ),
    Package(
        name="@fontsource-variable/jetbrains-mono",
        version="5.3.0",
        integrity="sha512-F32xpS2NsGYoQi2ADSkKTgpJj7ozajsGgDJ8woTnqjmIB+dxDIqImjl4pXZVEExu8UFZ2ndhmX18EBS/hdz3Lw==",
        licence="OFL-1.1",
        files={"mono.woff2": "files/jetbrains-mono-latin-wght-normal.woff2", "mono.LICENSE.txt": "LICENSE"},
    ),
)


def contents(package: Package, archive: bytes) -> dict[str, bytes]:
    """The files that are taken, by their names here. Raises ``ValueError`` where it is not the pinned package."""
    method, _, wanted = package.integrity.partition("-")
    found = base64.b64encode(hashlib.new(method, archive).digest()).decode()
    if found != wanted:
        raise ValueError(f"{package.name} {package.version} is not what was pinned: {method}-{found}")
    taken = {}
    with tarfile.open(fileobj=io.BytesIO(archive)) as members:
        for name, inside in package.files.items():
            member = members.extractfile(f"package/{inside}")
            if member is None:
                raise ValueError(f"{package.name} {package.version} has no {inside}")
            taken[name] = member.read()
    return taken


def manifest(taken: Mapping[str, Mapping[str, bytes]]) -> str:
    """``vendor.json``, of the files of each package."""
    packages = [
        {
            "package": package.name,
            "version": package.version,
            "licence": package.licence,
            "integrity": package.integrity,
            "files": {name: hashlib.sha256(data).hexdigest() for name, data in taken[package.name].items()},
        }
        for package in PACKAGES
    ]
    return json.dumps(packages, indent=2) + "\n"


def main(arguments: list[str]) -> int:
    taken = {}
    for package in PACKAGES:
        with urllib.request.urlopen(package.url, timeout=60) as answer:
            taken[package.name] = contents(package, answer.read())
    wanted = {name: data for files in taken.values() for name, data in files.items()}
    wanted["vendor.json"] = manifest(taken).encode()
    there = {path.name: path.read_bytes() for path in FOLDER.iterdir()} if FOLDER.is_dir() else {}
    odd = sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))
    if "--check" in arguments:
        sys.stdout.write(("\n".join(f"{name} is not what the packages hold" for name in odd) or "all as pinned") + "\n")
        return 1 if odd else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in odd:
        if name in wanted:
            (FOLDER / name).write_bytes(wanted[name])
        else:
            (FOLDER / name).unlink()
    sys.stdout.write(("\n".join(f"{name} written" for name in odd) or "nothing has changed") + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
