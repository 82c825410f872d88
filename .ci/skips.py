"""Fails where a test was skipped for a reason that nobody declared: skips.py JUNIT_XML DECLARED."""

import sys
from pathlib import Path
from xml.etree import ElementTree


def main(report: Path, declared: Path) -> int:
    reasons = [line for line in declared.read_text().splitlines() if line and not line.startswith("#")]
    skipped = [
        (f"{case.get('classname')}.{case.get('name')}", skip.get("message", ""))
        for case in ElementTree.parse(report).iter("testcase")
        for skip in case.iter("skipped")
    ]
    undeclared = [(test, why) for test, why in skipped if not why.startswith(tuple(reasons))]
    for test, why in undeclared:
        sys.stderr.write(f"skipped and not declared: {test}: {why}\n")
    return 1 if undeclared else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
