"""Where a value stands in a document, for whoever has to find it there."""

from collections.abc import Iterable


def key_path(path: Iterable[str | int]) -> str:
    """``routes.fast.targets[1].provider``, ``messages[0].content[1].text``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text
