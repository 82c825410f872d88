"""``X-RateLimit-*``: what a caller may still ask for, as OpenAI's answers tell it and its clients read it.

Source: OpenAI's guide "Rate limits", "Rate limits in headers".
"""

import math
from collections.abc import Iterable, Iterator

from tornado_gateway.domain.rates import Rate

_NAMES = {"requests": "Requests", "tokens": "Tokens"}

NAMES = tuple(f"X-RateLimit-{part}-{kind}" for kind in _NAMES.values() for part in ("Limit", "Remaining", "Reset"))


def rate_headers(rates: Iterable[Rate]) -> Iterator[tuple[str, str]]:
    """None for what is not limited."""
    for rate in rates:
        kind = _NAMES[rate.what]
        yield f"X-RateLimit-Limit-{kind}", str(rate.limit)
        yield f"X-RateLimit-Remaining-{kind}", str(rate.remaining)
        yield f"X-RateLimit-Reset-{kind}", duration(rate.reset)


def duration(seconds: float) -> str:
    """``1s``, ``6m0s``, ``1h0m0s``: whole seconds, rounded up."""
    whole = math.ceil(seconds)
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    if hours:
        return f"{hours}h{minutes}m{left}s"
    return f"{minutes}m{left}s" if minutes else f"{left}s"
