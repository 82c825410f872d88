"""How many CPUs this process may use: those that it is bound to, as far as the quota of its control groups reaches.

Linux: ``cpu.max`` of cgroups v2, ``cpu.cfs_quota_us`` and ``cpu.cfs_period_us`` of v1 (kernel documentation,
"Control Group v2" and "CFS Bandwidth Control").
"""

import math
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path


def usable_cpus(root: Path = Path("/")) -> int:
    """At least 1. A quota of 1.5 CPUs counts as 2: with one worker a third of it would lie idle."""
    return max(1, min(_bound(), *(math.ceil(quota) for quota in _quotas(root)), sys.maxsize))


def _bound() -> int:
    counts = getattr(os, "process_cpu_count", None)  # Python 3.13 and newer
    if counts is not None:
        return int(counts() or 1)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _quotas(root: Path) -> Iterator[float]:
    """The quotas of this process's group and of all those around it, in CPUs."""
    mount = root / "sys/fs/cgroup"
    with suppress(OSError):
        for line in (root / "proc/self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if not controllers:
                yield from _around(mount, path, _quota_v2)
            elif "cpu" in controllers.split(","):
                yield from _around(mount / "cpu", path, _quota_v1)


def _around(mount: Path, path: str, read: Callable[[Path], Iterator[float]]) -> Iterator[float]:
    # Seen from inside a container, its group may be the mount's root, and the path leads nowhere.
    group = mount / path.lstrip("/")
    for folder in (group, *group.parents):
        with suppress(OSError, ValueError):
            yield from read(folder)
        if folder == mount:
            return


def _quota_v2(folder: Path) -> Iterator[float]:
    quota, period = (folder / "cpu.max").read_text().split()
    if quota != "max":
        yield int(quota) / int(period)


def _quota_v1(folder: Path) -> Iterator[float]:
    quota = int((folder / "cpu.cfs_quota_us").read_text())
    if quota > 0:
        yield quota / int((folder / "cpu.cfs_period_us").read_text())
