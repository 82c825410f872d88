"""A file's content replaced at once: whoever reads it sees the old one or the new one, whole."""

import os
import stat
from contextlib import suppress
from pathlib import Path
from tempfile import mkstemp


class ChangedMeanwhile(OSError):
    """Somebody else has written the file since it was read."""


def replace_file(path: Path, before: bytes, after: bytes) -> None:
    """``after`` in the place of ``before``, which the file must still hold; its mode stays, and a link leads on to it.

    Raises ``ChangedMeanwhile`` or another ``OSError``, and the file is as it was then.
    """
    target = path.resolve(strict=True)
    about = target.stat()
    handle, name = mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(after)
            file.flush()
            os.fchmod(file.fileno(), stat.S_IMODE(about.st_mode))
            with suppress(PermissionError):  # it is then of whoever runs the command
                os.fchown(file.fileno(), about.st_uid, about.st_gid)
            os.fsync(file.fileno())
        if target.read_bytes() != before:
            raise ChangedMeanwhile(f"{path} was changed meanwhile")
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
