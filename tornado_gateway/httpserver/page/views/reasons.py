"""For which failures a fallback is, in words."""

from collections.abc import Collection

from tornado_gateway.domain.policies import FALLBACK_KINDS, USUAL_KINDS


def reasons(on: Collection[str]) -> str:
    """Nothing for what is usual: the provider's trouble."""
    if set(on) == USUAL_KINDS:
        return ""
    if set(on) == FALLBACK_KINDS:
        return ", on any failure"
    return ", on " + ", ".join(kind.replace("_", " ") for kind in sorted(on))
