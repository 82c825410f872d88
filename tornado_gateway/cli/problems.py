"""What is wrong with a file, on standard error, as ``check`` words it."""

import os
import sys
from pathlib import Path

from tornado_gateway.config.build import Loaded, load
from tornado_gateway.config.problems import ConfigInvalid


def loaded_or_told(path: Path) -> Loaded | None:
    """The file, or None where it has problems, all of which have been said."""
    try:
        return load(path, os.environ)
    except ConfigInvalid as invalid:
        for problem in invalid.problems:
            print(problem, file=sys.stderr)
        return None


def complain(message: object) -> int:
    """Says ``message`` on standard error; the exit code of a thing that is bad."""
    print(message, file=sys.stderr)
    return 1
