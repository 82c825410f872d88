"""What a repricing came to, as JSON."""

from collections.abc import Sequence
from typing import Any

from tornado_gateway.domain.repricing import Repriced, Repricing
from tornado_gateway.reports.groups import document
from tornado_gateway.reports.numbers import number


def as_document(repricing: Repricing, by: Sequence[str], places: Sequence[int] | None = None) -> dict[str, Any]:
    """``by`` at ``places`` of the repricing's own names; None where they are all of them."""
    groups = repricing.groups if places is None else repricing.rolled(places)
    ordered = sorted(groups.items(), key=lambda item: tuple(value or "" for value in item[0]))
    return {
        "by": list(by),
        "groups": [{"group": document(by, group), **entry(part)} for group, part in ordered],
    }


def entry(part: Repriced) -> dict[str, Any]:
    return {
        "requests": part.requests,
        "old": number(part.old),
        "new": number(part.new),
        "difference": number(part.difference),
        "abandoned": part.abandoned,
        "first_priced": {"calls": part.first_priced, "new": number(part.first_cost)},
        "cached": {"calls": part.cached, "saved_old": number(part.saved_old), "saved_new": number(part.saved_new)},
        "images_unknown": part.images_unknown,
        "left_out": {"unused": part.unused, "unpriced": part.unpriced, "old": number(part.left_out)},
    }
