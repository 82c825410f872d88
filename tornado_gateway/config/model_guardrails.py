"""What gateway.yaml says of the texts of calls."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class HookSettings:
    """``deadline`` is in seconds. The address may hold a password, and the headers hold one."""

    url: str = field(repr=False)
    deadline: float = 0.5
    fail: str = "closed"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class GuardrailSettings:
    """One rule: a ``regex`` or classes of ``pii``, sizes, tools or a ``hook``. None where the file does not say."""

    name: str
    on: tuple[str, ...]
    action: str = "deny"
    regex: str | None = None
    pii: tuple[str, ...] = ()
    replacement: str | None = None
    message: str | None = None
    window: int | None = None
    tool_arguments: bool = True
    max_prompt_chars: int | None = None
    max_messages: int | None = None
    allowed_tools: tuple[str, ...] | None = None
    denied_tools: tuple[str, ...] = ()
    hook: HookSettings | None = None
