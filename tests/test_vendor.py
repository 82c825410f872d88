"""What .ci/vendor.py takes from packages, and that the wheel holds it all."""

import base64
import hashlib
import io
import json
import runpy
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT / ".ci" / "vendor.py"
PAGE = ROOT / "tornado_gateway" / "httpserver" / "page"


@pytest.fixture
def script() -> dict[str, Any]:
    if not SCRIPT.exists():
        pytest.skip("this is no git checkout")
    return runpy.run_path(str(SCRIPT))


def archive(**files: bytes) -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w:gz") as made:
        for name, data in files.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(data)
            made.addfile(member, io.BytesIO(data))
    return sink.getvalue()


def integrity(data: bytes) -> str:
    return "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode()


def package(script: dict[str, Any], data: bytes) -> Any:
    return script["Package"]("@scope/name", "1.0.0", integrity(data), "MIT", {"here.js": "there"})


def test_only_the_pinned_package_is_taken(script: dict[str, Any]) -> None:
    data = archive(there=b"content", other=b"not taken")
    pinned = package(script, data)
    assert pinned.url == "https://registry.npmjs.org/@scope/name/-/name-1.0.0.tgz"
    assert script["contents"](pinned, data) == {"here.js": b"content"}
    with pytest.raises(ValueError, match="is not what was pinned"):
        script["contents"](pinned, archive(there=b"another"))


def test_what_is_committed_is_what_the_pins_say(script: dict[str, Any]) -> None:
    committed = json.loads((PAGE / "static" / "vendor" / "vendor.json").read_text())
    assert [(each["package"], each["version"], each["integrity"]) for each in committed] == [
        (each.name, each.version, each.integrity) for each in script["PACKAGES"]
    ]
    assert [set(each["files"]) for each in committed] == [set(each.files) for each in script["PACKAGES"]]


def test_the_wheel_holds_all_of_the_page(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as opened:
        inside = set(opened.namelist())
    wanted = {
        path.relative_to(ROOT).as_posix()
        for path in PAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {Path(name).suffix for name in wanted} >= {".html", ".css", ".js", ".woff2", ".svg", ".txt", ".json", ".py"}
    assert wanted - inside == set()
