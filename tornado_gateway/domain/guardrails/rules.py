"""Rules: what gateway.yaml has said of the texts of calls, ready to be applied; and those of one route together."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from tornado_gateway.domain.guardrails.matching import Engine, Matcher

Action = Literal["deny", "redact", "flag"]
Direction = Literal["request", "response"]

WINDOW: Final = 256
"""Characters of a stream that a rule may hold back, where the file does not say."""

MOST_WINDOW: Final = 4096


@dataclass(frozen=True, slots=True)
class MatchRule:
    """Whatever one of ``matchers`` finds. ``arguments``: also in what tools are called with."""

    name: str
    action: Action
    matchers: tuple[Matcher, ...]
    replacement: str = ""
    message: str | None = None
    window: int = WINDOW
    arguments: bool = True


@dataclass(frozen=True, slots=True)
class SizeRule:
    """How much may be asked: characters of all texts, and messages. ``action`` is ``deny`` or ``flag``."""

    name: str
    action: Action
    max_prompt_chars: int | None = None
    max_messages: int | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class ToolRule:
    """Which tools may be offered to a model, and called by it. ``allowed`` is None where all are that are not
    ``denied``; a name may end in ``*``."""

    name: str
    action: Action
    allowed: tuple[str, ...] | None = None
    denied: tuple[str, ...] = ()
    message: str | None = None

    def forbids(self, tool: str) -> bool:
        return self.forbids_any((tool,))

    def forbids_any(self, names: Sequence[str], *, one_is_enough: bool = False) -> bool:
        """Whether a tool that goes by these names may not be there. All of them must be allowed, for nobody knows by
        which a provider takes it; ``one_is_enough`` where they are words for the same."""
        if any(_named(name, self.denied) for name in names):
            return True
        enough = any if one_is_enough else all
        return self.allowed is not None and not enough(_named(name, self.allowed or ()) for name in names)


@dataclass(frozen=True, slots=True)
class HookRule:
    """Somebody outside who is asked. ``fail`` says what becomes of a call where no answer comes within ``deadline``
    seconds: ``open`` lets it go on, ``closed`` refuses it."""

    name: str
    url: str = field(repr=False)
    deadline: float = 0.5
    fail: Literal["open", "closed"] = "closed"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    message: str | None = None


Rule = MatchRule | SizeRule | ToolRule | HookRule


@dataclass(frozen=True, slots=True)
class Checks:
    """The rules of one direction, each kind in the file's order.

    Where there is a ``gate`` it finds something in every text in which a rule does: most texts need no other search.
    """

    matching: tuple[MatchRule, ...] = ()
    sizes: tuple[SizeRule, ...] = ()
    tools: tuple[ToolRule, ...] = ()
    hooks: tuple[HookRule, ...] = ()
    gate: Matcher | None = None

    @classmethod
    def of(cls, rules: Iterable[Rule], engine: Engine | None = None) -> "Checks | None":
        """None where there are none."""
        listed = list(rules)
        matching = tuple(rule for rule in listed if isinstance(rule, MatchRule))
        made = cls(
            matching=matching,
            sizes=tuple(rule for rule in listed if isinstance(rule, SizeRule)),
            tools=tuple(rule for rule in listed if isinstance(rule, ToolRule)),
            hooks=tuple(rule for rule in listed if isinstance(rule, HookRule)),
            gate=None if engine is None else engine.together(each for rule in matching for each in rule.matchers),
        )
        return made if listed else None

    @property
    def redacts(self) -> bool:
        """Whether a text may be changed."""
        return any(rule.action == "redact" for rule in self.matching)


@dataclass(frozen=True, slots=True)
class RouteGuards:
    """The rules in force on a route; None for a direction that has none. ``fingerprint`` tells those of answers from
    others."""

    request: Checks | None = None
    response: Checks | None = None
    fingerprint: bytes = b""


def _named(tool: str, names: Sequence[str]) -> bool:
    return any(tool.startswith(name[:-1]) if name.endswith("*") else tool == name for name in names)
