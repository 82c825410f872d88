"""What tells one content of a path from another, without reading it."""

from pathlib import Path

Signature = tuple[str, int, int, int, int] | None
"""The file that the path leads to, over all links; its inode, its times of change (of the content, and of anything, so
that a permission granted shows too) and its size. None while there is none."""

UNREAD: Signature = ("", 0, 0, 0, 0)
"""No file's."""


def signature_of(path: str | Path) -> Signature:
    try:
        real = Path(path).resolve(strict=True)
        stat = real.stat()
    except (OSError, RuntimeError, ValueError):  # RuntimeError: a link that leads to itself, before Python 3.13
        return None
    return str(real), stat.st_ino, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size
