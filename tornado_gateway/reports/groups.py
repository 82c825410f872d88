"""Groups of a ledger's rows, as JSON has them and as a ledger is asked for them."""

from collections.abc import Sequence

from tornado_gateway.domain.groupings import Group


def document(by: Sequence[str], group: Group) -> dict[str, str | None]:
    """A group as JSON: ``{"model": "openai/gpt-4"}``."""
    return dict(zip(by, group, strict=True))


def ledger_names(by: Sequence[str]) -> list[str]:
    """What to ask a ledger for: there a model stands apart from its provider."""
    return [part for name in by for part in (("provider", "model") if name == "model" else (name,))]


def joined(by: Sequence[str], group: Group) -> Group:
    """A group of ``ledger_names(by)`` as one of ``by``."""
    values = iter(group)
    return tuple(f"{next(values)}/{next(values)}" if name == "model" else next(values) for name in by)
