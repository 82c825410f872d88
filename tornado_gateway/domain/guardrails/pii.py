"""The classes of what a text gives away: by which pattern each is found, and what is checked of a find."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from tornado_gateway.domain.guardrails import ibans, payment_cards, phones
from tornado_gateway.domain.guardrails.matching import Checked, Engine, Matcher, Refine


@dataclass(frozen=True, slots=True)
class PiiClass:
    """``window``: characters that a find has at most, or is known to have from its beginning."""

    pattern: str
    window: int
    refine: Refine | None = None
    again: bool = True


_SECRETS = (
    r"\bsk-[A-Za-z0-9_-]{20,}",  # OpenAI, Anthropic (sk-ant-), OpenRouter, DeepSeek
    r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",  # AWS
    r"\bgh[oprsu]_[A-Za-z0-9]{36,}",  # GitHub
    r"\bgithub_pat_[A-Za-z0-9_]{22,}",
    r"\bglpat-[A-Za-z0-9_-]{20,}",  # GitLab
    r"\bAIza[0-9A-Za-z_-]{35}",  # Google
    r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}",  # Slack
    r"\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}",  # Stripe
    r"\b(?:gsk|hf|r8)_[A-Za-z0-9]{30,}",  # Groq, Hugging Face, Replicate
    r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}",  # a JSON web token
    r"-----BEGIN (?:[A-Z]{1,16} ){0,3}PRIVATE KEY(?: BLOCK)?-----"
    r"(?:[A-Za-z0-9+/=\s\\,:.-]*?-----END (?:[A-Z]{1,16} ){0,3}PRIVATE KEY(?: BLOCK)?-----|[A-Za-z0-9+/=\s\\]*)",
)
"""Shapes that providers give their keys, RFC 7519's compact form, and RFC 7468's blocks of private keys."""

_LETTERS: Final = r"A-Za-z\x{c0}-\x{2ff}\x{370}-\x{1fff}\x{2c00}-\x{2fff}\x{3040}-\x{fdff}"
"""Those of all scripts, near enough: classes by their exact names make an automaton that takes long to warm up."""

_ADDRESS = rf"[{_LETTERS}0-9.!#$%&'*+/=?^_`{{|}}~-]+@(?:[{_LETTERS}0-9][{_LETTERS}0-9-]*\.)+[{_LETTERS}]{{2,24}}"

CLASSES: Final[dict[str, PiiClass]] = {
    "email": PiiClass(_ADDRESS, 256),
    "phone": PiiClass(phones.CANDIDATE, 64, phones.phones_in),
    "card": PiiClass(payment_cards.CANDIDATE, 128, payment_cards.cards_in, again=False),
    "iban": PiiClass(ibans.CANDIDATE, 80, ibans.ibans_in),
    "secret": PiiClass("|".join(_SECRETS), 4096),
}


def matchers(names: Iterable[str], engine: Engine) -> Sequence[Matcher]:
    """One for each class of ``names``. Raises ``BadPattern`` where the engine is not there."""
    return [_matcher(CLASSES[name], engine.compile) for name in names]


def _matcher(known: PiiClass, compile_: Callable[[str, int], Matcher]) -> Matcher:
    found = compile_(known.pattern, known.window)
    return found if known.refine is None else Checked(found, known.refine, known.again)
