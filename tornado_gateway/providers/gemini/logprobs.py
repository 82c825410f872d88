"""Log probabilities of Gemini's, in OpenAI's form. Pure.

Wire: Gemini API reference, "LogprobsResult"; OpenAI API reference, "The chat completion object", ``logprobs``.
"""

from typing import Any

import msgspec


class _Token(msgspec.Struct, frozen=True, rename="camel"):
    token: str | None = None
    log_probability: float | None = None


class _Top(msgspec.Struct, frozen=True):
    candidates: list[_Token] | None = None


class LogprobsResult(msgspec.Struct, frozen=True, rename="camel"):
    """``top_candidates`` has one item for each of ``chosen_candidates``, or none at all."""

    chosen_candidates: list[_Token] | None = None
    top_candidates: list[_Top] | None = None


def openai_logprobs(result: LogprobsResult | None) -> dict[str, Any] | None:
    if result is None or not result.chosen_candidates:
        return None
    tops = result.top_candidates or []
    content = []
    for position, token in enumerate(result.chosen_candidates):
        others = (tops[position].candidates if position < len(tops) else None) or ()
        content.append({**_token(token), "top_logprobs": [_token(other) for other in others]})
    return {"content": content, "refusal": None}


def _token(token: _Token) -> dict[str, Any]:
    text = token.token or ""
    return {"token": text, "logprob": token.log_probability or 0.0, "bytes": list(text.encode())}
