"""What differs between Anthropic's models, told by their names.

Source: Anthropic API documentation, "Extended thinking", "Adaptive thinking", "Effort", "Models overview". A name that
says no version is taken for a new model.
"""

import re

# claude-3-7-sonnet-20250219, claude-sonnet-4-20250514, claude-opus-4-5, anthropic.claude-haiku-4-5-20251001-v1:0
_OLD_STYLE = re.compile(r"claude-(?:v|instant-)?(?P<major>\d)(?:[-.](?P<minor>\d)(?!\d))?")
_NEW_STYLE = re.compile(r"claude-[a-z]+-(?P<major>\d{1,2})(?!\d)(?:[-.](?P<minor>\d{1,2})(?!\d))?")

_NEWEST = (99, 0)

FIRST_THINKING = (3, 7)
FIRST_ADAPTIVE = (4, 6)
"""From here on the model itself decides how much it thinks, by an effort; fixed budgets are going out of use."""


def version(model: str) -> tuple[int, int]:
    match = _NEW_STYLE.search(model) or _OLD_STYLE.search(model)
    if match is None:
        return _NEWEST
    return int(match["major"]), int(match["minor"] or 0)


def default_max_tokens(model: str) -> int:
    """What to ask for where the caller set no limit: this API requires one, and no model may refuse it."""
    known = version(model)
    if known < (3, 5):
        return 4096
    return 8192 if known < FIRST_THINKING else 16384
