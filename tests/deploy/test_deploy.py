"""The files under deploy/, as far as they can be checked without what runs them."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tornado_gateway.config.build import load
from tornado_gateway.config.problems import ConfigInvalid

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"


def test_the_image_copies_only_what_is_there_and_runs_as_nobody() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    for line in re.findall(r"^COPY (?!--from)(.*)$", text, re.MULTILINE):
        *sources, _ = line.split()
        assert all((ROOT / source).exists() for source in sources), line
    assert re.search(r"^USER 10001$", text, re.MULTILINE)
    assert "/health/live" in text


def test_hadolint_has_nothing_to_complain_of() -> None:
    tool = Path(sys.executable).parent / "hadolint"
    done = subprocess.run([tool, DEPLOY / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_stack_names_only_files_and_services_that_are_there() -> None:
    stack = yaml.safe_load((DEPLOY / "compose.stack.yaml").read_text())
    services = stack["services"]
    assert set(services["gateway"]["depends_on"]) <= set(services)
    for service in services.values():
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert (DEPLOY / source).exists() if source.startswith(".") else source in stack["volumes"], volume
    ports = [port for service in services.values() for port in service.get("ports", ())]
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_compose_builds_that_image_with_a_read_only_file_system() -> None:
    service = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]["gateway"]
    assert (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).exists()
    assert service["read_only"] is True


def test_the_image_asks_who_calls_and_compose_opens_it_to_this_machine_alone() -> None:
    (variables,) = re.findall(r"^ENV (.*)$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    image = dict(pair.split("=", 1) for pair in variables.split())
    with pytest.raises(ConfigInvalid, match="can be reached from outside"):
        load(ROOT / "gateway.yaml", image)
    service = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]["gateway"]
    assert service["environment"]["AUTH_REQUIRED"] == "${AUTH_REQUIRED:-false}"
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    load(ROOT / "gateway.yaml", {**image, "AUTH_REQUIRED": "false"})


def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    tool = shutil.which("systemd-analyze")
    if tool is None:
        pytest.skip("systemd-analyze is not here")
    # It looks for the program that the unit starts: one that is there stands in for it.
    unit = tmp_path / "tornado-gateway.service"
    text = (DEPLOY / "tornado-gateway.service").read_text()
    unit.write_text(text.replace("/opt/tornado-gateway/bin/tornado-gateway", "/bin/true"))
    done = subprocess.run([tool, "verify", str(unit)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "tornado-gateway.service" not in done.stderr, done.stderr


def test_the_ledger_has_a_place_that_outlives_the_process_and_can_be_written() -> None:
    place = "/var/lib/tornado-gateway"
    image = (DEPLOY / "Dockerfile").read_text()
    assert f"--owner 10001 --mode 0700 {place}" in image
    assert re.search(rf"^WORKDIR {place}$", image, re.MULTILINE)
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    (volume,) = compose["volumes"]
    assert f"{volume}:{place}" in compose["services"]["gateway"]["volumes"]
    unit = (DEPLOY / "tornado-gateway.service").read_text()
    assert "StateDirectory=tornado-gateway\n" in unit
    assert "WorkingDirectory=%S/tornado-gateway\n" in unit
