"""What two files say differently of limits and budgets, a line for each whose."""

from collections.abc import Iterator

from tornado_gateway.domain.claims import of_route, of_tags
from tornado_gateway.domain.money import decimal_digits
from tornado_gateway.domain.quotas import Budget, Limits, Quotas

_WORDS = {"requests_per_minute": "requests per minute", "tokens_per_minute": "tokens per minute"}


def quotas_changed(old: Quotas | None, new: Quotas | None) -> Iterator[str]:
    before, after = _said(old), _said(new)
    for whose in [*before, *(whose for whose in after if whose not in before)]:
        was, now = before.get(whose, "none"), after.get(whose, "none")
        if was != now:
            yield f"{whose}: {was} -> {now}"


def limits_text(limits: Limits | None) -> str:
    """``60 requests per minute, 10 concurrent``."""
    if limits is None:
        return "none"
    members = ((name, getattr(limits, name)) for name in Limits.__struct_fields__)
    return ", ".join(f"{value} {_WORDS.get(name, name)}" for name, value in members if value is not None)


def budget_text(budget: Budget | None) -> str:
    """``25 USD a month (Europe/Berlin), told at 80 and 100 %``."""
    if budget is None:
        return "none"
    period = "in total" if budget.period == "total" else f"a {budget.period}"
    told = f"told at {' and '.join(str(percent) for percent in budget.warn_at)} %" if budget.warn_at else "never told"
    return f"{decimal_digits(budget.amount)} USD {period} ({budget.time_zone}), {told}"


def _said(quotas: Quotas | None) -> dict[str, str]:
    """By whose limits or budget it is."""
    if quotas is None:
        return {}
    said = {
        "limits of everyone": limits_text(quotas.everyone),
        "limits of each address": limits_text(quotas.per_address),
    }
    for tagged in quotas.tag_limits:
        said[f"limits of {of_tags(tagged.tag).name}"] = limits_text(tagged.limits)
    for name, route in quotas.routes.items():
        said[f"limits of {of_route(name).name}"] = limits_text(route.limits)
        said[f"budget of {of_route(name).name}"] = budget_text(route.budget)
    for held in quotas.tag_budgets:
        said[f"budget of {of_tags(held.tag).name} by the {held.budget.period}"] = budget_text(held.budget)
    return said
