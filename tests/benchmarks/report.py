"""The benchmark's table: medians over the rounds, and ratios to what the gateway is held against. Pure."""

from collections.abc import Callable, Mapping, Sequence
from statistics import median

from load import Figures

WHOLE, STREAMED, ALONE = "whole", "streamed", "alone"
"""The scenarios: many connections, answers whole or streamed; and one connection, answers whole."""

DIRECT, CONSTANT, MINIMAL, GATEWAY = "direct", "constant", "minimal", "gateway"
NATIVE, MESSAGES = "gateway/native", "gateway/messages"
"""Translated, where ``GATEWAY`` is relayed: OpenAI's chunks to the native form and to Anthropic's events."""

NO_LEDGER = "gateway/no ledger"
"""All others keep one, of SQLite."""

GUARDED = "gateway/rules"
"""Under five guardrails, for requests and answers, which find nothing."""

TRANSLATED = (NATIVE, MESSAGES)

Measured = Mapping[tuple[str, str], Sequence[Figures]]
"""What each round showed, by subject and scenario."""

Figure = Callable[[Figures], float]

_HEAD = (
    f"{'':17} {'answers/s':>10} {'events/s':>10} {'CPU us/req':>10} {'p50 ms':>8} {'p99 ms':>8} "
    f"{'first byte ms':>13} {'RSS MB':>7} {'errors':>7} {'/minimal':>9} {'/constant':>9}"
)


def value(measured: Measured, subject: str, scenario: str, figure: Figure) -> float | None:
    """The median over the rounds; None where nothing was measured."""
    rounds = measured.get((subject, scenario))
    return median(figure(one) for one in rounds) if rounds else None


def ratio(measured: Measured, scenario: str, figure: Figure, over: str, under: str) -> float | None:
    """The median of the rounds' own ratios: what slows a whole round down cancels out."""
    above, below = measured.get((over, scenario)), measured.get((under, scenario))
    if not above or not below:
        return None
    quotients = [figure(one) / figure(other) for one, other in zip(above, below, strict=True) if figure(other)]
    return median(quotients) if quotients else None


def overhead(measured: Measured, subject: str) -> float | None:
    """Seconds that a call takes longer through ``subject`` than straight to the upstream, at one connection."""
    through, direct = (value(measured, name, ALONE, lambda one: one.p50) for name in (subject, DIRECT))
    return None if through is None or direct is None else through - direct


def summary(measured: Measured) -> dict[str, float | None]:
    """The figures that the gateway is judged by."""
    return {
        "whole_ratio_to_minimal": ratio(measured, WHOLE, lambda one: one.requests_per_second, GATEWAY, MINIMAL),
        "whole_ratio_to_constant": ratio(measured, WHOLE, lambda one: one.requests_per_second, GATEWAY, CONSTANT),
        "whole_cpu_ratio_to_minimal": ratio(measured, WHOLE, lambda one: one.cpu_per_request, GATEWAY, MINIMAL),
        "streamed_ratio_to_minimal": ratio(measured, STREAMED, lambda one: one.events_per_second, GATEWAY, MINIMAL),
        "streamed_cpu_ratio_to_minimal": ratio(measured, STREAMED, lambda one: one.cpu_per_request, GATEWAY, MINIMAL),
        "whole_ratio_to_no_ledger": ratio(measured, WHOLE, lambda one: one.requests_per_second, GATEWAY, NO_LEDGER),
        "whole_cpu_ratio_to_no_ledger": ratio(measured, WHOLE, lambda one: one.cpu_per_request, GATEWAY, NO_LEDGER),
        "whole_cpu_ratio_guarded": ratio(measured, WHOLE, lambda one: one.cpu_per_request, GUARDED, GATEWAY),
        "translated_ratio_to_relayed": min(_translated(measured), default=None),
        "overhead_seconds": overhead(measured, GATEWAY),
        "minimal_overhead_seconds": overhead(measured, MINIMAL),
        "errors": float(sum(one.errors for rounds in measured.values() for one in rounds)),
    }


def _translated(measured: Measured) -> list[float]:
    """Of each form that is translated, the streams' share of what is relayed in the same time."""
    shares = (ratio(measured, STREAMED, lambda one: one.events_per_second, form, GATEWAY) for form in TRANSLATED)
    return [share for share in shares if share is not None]


WANTED: Sequence[tuple[str, str, Callable[[float], bool]]] = (
    ("whole_ratio_to_minimal", "answers/s, whole, of the minimal proxy's: at least 0.75", lambda it: it >= 0.75),
    ("streamed_ratio_to_minimal", "events/s, streamed, of the minimal proxy's: at least 1.0", lambda it: it >= 1.0),
    ("translated_ratio_to_relayed", "events/s, translated, of the relayed: at least 0.5", lambda it: it >= 0.5),
    ("whole_ratio_to_no_ledger", "answers/s, whole, of those without a ledger: at least 0.95", lambda it: it >= 0.95),
    ("overhead_seconds", "overhead at one connection: below 0.001 s", lambda it: it < 0.001),
    ("errors", "errors: none", lambda it: it == 0),
)


def missed(measured: Measured) -> list[str]:
    """What was wanted and not reached."""
    shown = summary(measured)
    return [text for name, text, fine in WANTED if (it := shown[name]) is not None and not fine(it)]


def table(measured: Measured, titles: Mapping[str, str]) -> str:
    """Everything as text, one block a scenario."""
    lines: list[str] = []
    for scenario, title in titles.items():
        subjects = [subject for subject, of in measured if of == scenario]
        if subjects:
            lines += [title, _HEAD, *(_row(measured, subject, scenario) for subject in subjects), ""]
    shown = summary(measured)
    for name, text, fine in WANTED:
        it = shown[name]
        if it is not None:
            lines.append(f"{'ok    ' if fine(it) else 'MISSED'} {it:10.4g}  {text}")
    lines += [f"       {it:10.4g}  {name}" for name, it in shown.items() if it is not None and name.endswith("minimal")]
    return "\n".join(lines)


def _row(measured: Measured, subject: str, scenario: str) -> str:
    def of(figure: Figure) -> float:
        return value(measured, subject, scenario, figure) or 0.0

    def against(other: str) -> str:
        found = ratio(measured, scenario, lambda one: one.requests_per_second, subject, other)
        return "" if found is None else f"{found:.2f}"

    errors = sum(one.errors for one in measured[subject, scenario])
    return (
        f"{subject:17} {of(lambda one: one.requests_per_second):10,.0f} {of(lambda one: one.events_per_second):10,.0f} "
        f"{of(lambda one: one.cpu_per_request) * 1e6:10,.0f} {of(lambda one: one.p50) * 1e3:8.2f} "
        f"{of(lambda one: one.p99) * 1e3:8.2f} {of(lambda one: one.first_byte_p50) * 1e3:13.2f} "
        f"{of(lambda one: one.rss) / 1e6:7.1f} {errors:7} {against(MINIMAL):>9} {against(CONSTANT):>9}"
    )
