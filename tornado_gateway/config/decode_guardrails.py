"""The rules for the texts of calls, of a valid document."""

from typing import Any

from tornado_gateway.config.model_guardrails import GuardrailSettings, HookSettings

SIZES = ("max_prompt_chars", "max_messages")
TOOLS = ("allowed_tools", "denied_tools")

_BOTH = ("request", "response")


def guardrails(document: dict[str, Any]) -> tuple[GuardrailSettings, ...]:
    return tuple(_rule(name, entry) for name, entry in (document.get("guardrails") or {}).items())


def attached(entry: dict[str, Any], member: str = "guardrails") -> tuple[str, ...]:
    """The rules that an entry names."""
    return tuple(entry.get(member) or ())


def usual_directions(entry: dict[str, Any]) -> tuple[str, ...]:
    """Where a rule holds that does not say."""
    return ("request",) if "hook" in entry or any(name in entry for name in SIZES) else _BOTH


def _rule(name: str, entry: dict[str, Any]) -> GuardrailSettings:
    match, usual = entry.get("match") or {}, GuardrailSettings(name, ())
    allowed = entry.get("allowed_tools")
    return GuardrailSettings(
        name=name,
        on=tuple(each for each in _BOTH if each in entry.get("on", usual_directions(entry))),
        action=entry.get("action", usual.action),
        regex=match.get("regex"),
        pii=tuple(dict.fromkeys(match.get("pii", ()))),
        replacement=entry.get("replacement"),
        message=entry.get("message"),
        window=entry.get("window"),
        tool_arguments=entry.get("tool_arguments", usual.tool_arguments),
        max_prompt_chars=entry.get("max_prompt_chars"),
        max_messages=entry.get("max_messages"),
        allowed_tools=None if allowed is None else tuple(allowed),
        denied_tools=tuple(entry.get("denied_tools", ())),
        hook=_hook(entry.get("hook")),
    )


def _hook(entry: dict[str, Any] | None) -> HookSettings | None:
    if entry is None:
        return None
    usual = HookSettings("")
    return HookSettings(
        url=entry["url"].strip(),
        deadline=float(entry.get("deadline", usual.deadline)),
        fail=entry.get("fail", usual.fail),
        # A mounted secret often ends in a line break.
        headers={name: value.strip() for name, value in (entry.get("headers") or {}).items()},
    )
