"""The rules of the house that no linter knows."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "tornado_gateway"
TOP_LEVEL = {
    "gateway.yaml",
    "schema",
    "pyproject.toml",
    "tornado_gateway",
    "tests",
    "deploy",
    "README.md",
    "LICENSE",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Makefile",
    "docs",
}
NO_MIRROR: dict[str, str] = {
    "bootstrap/observing.py": "tests/bootstrap/test_house.py puts it together",
    "bootstrap/serving.py": "tests/bootstrap/test_house.py puts it together",
    "bootstrap/world.py": "tests/bootstrap/test_house.py puts it together",
    "httpserver/dialects/base.py": "declarations: nothing to run",
    "cli/serve.py": "tests/end_to_end runs it as a process",
    "cli/supervise.py": "tests/end_to_end runs it as a process",
    "cli/worker.py": "tests/end_to_end runs it as a process",
}


def modules() -> Iterator[Path]:
    return (path.relative_to(PACKAGE) for path in sorted(PACKAGE.rglob("*.py")) if path.name != "__init__.py")


@pytest.mark.parametrize("module", [str(module) for module in modules()])
def test_each_module_has_its_mirror(module: str) -> None:
    if module in NO_MIRROR:
        return
    path = Path(module)
    mirror = ROOT / "tests" / path.parent / f"test_{path.stem.strip('_')}.py"
    assert mirror.exists(), f"tests for {module} belong in {mirror.relative_to(ROOT)}"


@pytest.mark.parametrize("module", [str(module) for module in modules()])
def test_no_module_holds_two_concepts(module: str) -> None:
    lines = (PACKAGE / module).read_text().count("\n")
    assert lines <= 300, f"{module} has {lines} lines: look for its second concept"


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("this is no git checkout")
    return listed.stdout.splitlines()


def test_the_top_level_is_the_agreed_one() -> None:
    top = {name.split("/")[0] for name in tracked()}
    assert {name for name in top if not name.startswith(".")} <= TOP_LEVEL


def test_money_never_meets_a_float() -> None:
    for name in (f"domain/{each}.py" for each in ("money", "pricing", "prices", "receipt", "repricing", "rerouting")):
        names = {node.id for node in ast.walk(ast.parse((PACKAGE / name).read_text())) if isinstance(node, ast.Name)}
        assert "float" not in names, name


def test_only_the_composition_root_knows_injector_and_only_observability_sets_up_the_log() -> None:
    for module in modules():
        text = (PACKAGE / module).read_text()
        if module.parts[0] != "bootstrap":
            assert not re.search(r"^(from|import) injector", text, re.MULTILINE), module
        if module.parts[0] != "observability":
            assert not re.search(r"logger\.(add|configure|remove)\(", text), module


def test_schema_and_default_file_are_described_to_editors() -> None:
    first = (ROOT / "gateway.yaml").read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=schema/gateway.schema.json"
