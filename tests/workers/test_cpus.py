import os
from pathlib import Path

import pytest

from tornado_gateway.workers.cpus import usable_cpus


@pytest.fixture(autouse=True)
def eight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "process_cpu_count", lambda: 8, raising=False)


def machine(root: Path, groups: str, files: dict[str, str]) -> Path:
    """A root with a ``/proc/self/cgroup`` and files under ``/sys/fs/cgroup``."""
    for name, text in {
        "proc/self/cgroup": groups,
        **{f"sys/fs/cgroup/{name}": text for name, text in files.items()},
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_without_control_groups_it_is_what_the_process_is_bound_to(tmp_path: Path) -> None:
    assert usable_cpus(tmp_path) == 8


def test_before_3_13_the_affinity_tells_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delattr(os, "process_cpu_count", raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 2, 5}, raising=False)
    assert usable_cpus(tmp_path) == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert usable_cpus(tmp_path) == 1


@pytest.mark.parametrize(
    ("quota", "cpus"),
    [("max 100000", 8), ("200000 100000", 2), ("150000 100000", 2), ("5000 100000", 1), ("900000 100000", 8), ("x", 8)],
)
def test_a_quota_of_version_2(tmp_path: Path, quota: str, cpus: int) -> None:
    assert usable_cpus(machine(tmp_path, "0::/a/b\n", {"a/b/cpu.max": quota})) == cpus


def test_a_group_around_may_be_the_narrower(tmp_path: Path) -> None:
    files = {"cpu.max": "max 100000", "a/cpu.max": "300000 100000", "a/b/cpu.max": "600000 100000", "c/cpu.max": "1 1"}
    assert usable_cpus(machine(tmp_path, "0::/a/b\n", files)) == 3


def test_in_a_container_the_path_may_lead_nowhere(tmp_path: Path) -> None:
    assert usable_cpus(machine(tmp_path, "0::/docker/0123\n", {"cpu.max": "250000 100000"})) == 3


@pytest.mark.parametrize(("quota", "cpus"), [("-1", 8), ("400000", 4)])
def test_a_quota_of_version_1(tmp_path: Path, quota: str, cpus: int) -> None:
    files = {"cpu/a/cpu.cfs_quota_us": quota, "cpu/a/cpu.cfs_period_us": "100000"}
    assert usable_cpus(machine(tmp_path, "9:memory:/b\n3:cpu,cpuacct:/a\n", files)) == cpus


def test_this_machine_has_some() -> None:
    assert 1 <= usable_cpus() <= 8
