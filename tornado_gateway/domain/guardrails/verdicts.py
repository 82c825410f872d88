"""What the rules found in one direction of one call: told once each, and never in the words that were found."""

from collections.abc import Iterator

from tornado_gateway.domain.errors import GuardrailDenied
from tornado_gateway.domain.events import GuardrailVerdict
from tornado_gateway.domain.guardrails.rules import Direction, Rule


class Tally:
    """Finds by rule and action, with the place of the first of each."""

    def __init__(self, direction: Direction) -> None:
        self._direction = direction
        self._found: dict[tuple[str, str], tuple[str, int]] = {}

    def add(self, rule: Rule, action: str, where: str, count: int = 1) -> None:
        first, so_far = self._found.get((rule.name, action), (where, 0))
        self._found[rule.name, action] = first, so_far + count

    def refuse(self, rule: Rule, where: str, message: str | None = None) -> GuardrailDenied:
        """The error that ends the call. What was found is not in it."""
        self.add(rule, "deny", where)
        said = message or rule.message or "This is refused by the gateway's rules."
        side = "the answer's " if self._direction == "response" else ""
        place = f"{side}{where}" if where else "the call"
        return GuardrailDenied(f"{said} (guardrail {rule.name!r} at {place})", param=where or None)

    def told(self, *, request_id: str, route: str) -> Iterator[GuardrailVerdict]:
        """Each verdict, once: what was told is forgotten."""
        found, self._found = self._found, {}
        for (rule, action), (where, count) in found.items():
            yield GuardrailVerdict(
                request_id=request_id,
                route=route,
                rule=rule,
                action=action,
                direction=self._direction,
                where=where,
                count=count,
            )
