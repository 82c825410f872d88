"""What differs between Gemini's models, told by their names; and how a name is written in a path.

Source: Gemini API documentation, "Thinking", "Gemini 3 developer guide" and "Models". A name that says no version
(``gemini-flash-latest``) is taken for a new model.
"""

import re
from urllib.parse import quote

_VERSION = re.compile(r"gemini-(?P<major>\d{1,2})(?:\.(?P<minor>\d{1,2}))?(?![\d.])")
_COLLECTIONS = ("models", "tunedModels")

_NEWEST = (99, 0)
_NONE = (0, 0)

FIRST_THINKING = (2, 5)
FIRST_LEVELS = (3, 0)
"""From here on thinking is asked for by a level and not by a budget in tokens, and calls must come back signed."""


def version(model: str) -> tuple[int, int]:
    match = _VERSION.search(model)
    if match is not None:
        return int(match["major"]), int(match["minor"] or 0)
    return _NONE if "gemma" in model else _NEWEST


def resource(model: str) -> str:
    """``models/x`` for ``x``; the names of tuned models say themselves where they are."""
    collection, slash, name = model.partition("/")
    if slash and collection in _COLLECTIONS:
        return f"{collection}/{name}"
    return f"models/{model}"


def path(model: str) -> str:
    """``resource`` as it goes into a URL: no name can lead out of its collection."""
    collection, _, name = resource(model).partition("/")
    return f"{collection}/{quote(name, safe='')}"
