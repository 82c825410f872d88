"""Asks a public database for known holes in the locked dependencies: audit.py LOCK.

Fails on findings alone. There is no database to carry along that would still be right tomorrow, so that a machine that
can't reach one is told in a line what was not looked at, and lint goes on.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_UNREACHABLE = ("requests.exceptions.", "urllib3.exceptions.", "Could not connect")

SECONDS = 90
"""For all of it: a network that swallows packets is to hold nobody up."""


def verdict(report: Mapping[str, Any]) -> tuple[int, list[str]]:
    """The exit code, and what there is to say of pip-audit's ``report``."""
    packages = report["dependencies"]
    skipped = [package["name"] for package in packages if "skip_reason" in package]
    lines = [
        f"{package['name']} {package['version']}: {hole['id']}, fixed in {', '.join(hole['fix_versions']) or 'nothing'}"
        for package in packages
        for hole in package.get("vulns", ())
    ]
    code = 1 if lines else 0
    if len(skipped) == len(packages):
        lines.append("audit: NOT DONE: the database knows none of the packages, so it is none")
    elif skipped:
        lines.append(f"audit: not looked at: {', '.join(skipped)}")
    if not lines:
        lines.append(f"audit: no known holes in {len(packages)} packages")
    return code, lines


def audit(lock: str, seconds: float = SECONDS) -> tuple[int, list[str]]:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "pip_audit", "--requirement", lock, "--no-deps", "--disable-pip"]
        command += ["--timeout", "5", "--progress-spinner", "off", "--format", "json", "--output", str(report)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
        except subprocess.TimeoutExpired:
            return 0, [f"audit: NOT DONE: the database did not answer within {seconds:g} seconds"]
        if report.exists() and report.stat().st_size:
            return verdict(json.loads(report.read_bytes()))
        if "No module named" in done.stderr:
            return 1, ["audit: pip-audit is not installed: make lint installs it"]
        last = (done.stderr.strip().splitlines() or ["pip-audit said nothing"])[-1][:200]
        if any(sign in done.stderr for sign in _UNREACHABLE):
            return 0, [f"audit: NOT DONE: {last}"]
        return 1, [f"audit: failed: {last}"]


if __name__ == "__main__":
    result, said = audit(sys.argv[1])
    sys.stderr.write("\n".join(said) + "\n")
    sys.exit(result)
