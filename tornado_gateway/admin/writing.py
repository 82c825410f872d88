"""Puts another content in a file's place, one writer at a time, whichever process it is."""

import fcntl
from pathlib import Path

from tornado_gateway.config.replacing import replace_file


def write_file(path: Path, before: bytes, after: bytes) -> None:
    """Of several that do this at once one is first, and the others find the file changed. Blocks.

    Raises ``ChangedMeanwhile`` or another ``OSError``, and the file is as it was then.
    """
    with path.open("rb") as locked:
        # Whoever waited holds the file that was replaced, and compares with the new one.
        fcntl.flock(locked, fcntl.LOCK_EX)
        replace_file(path, before, after)
