"""Takes credentials out of text that is about to be logged, whoever wrote it."""

import re

_MASK = "***"

_TELLTALES = (
    *("sk-", "gsk_", "xai-", "aiza", "hf_", "bearer", "basic ", "://"),
    *("key", "auth", "access", "secret", "password"),
)
"""Lower-case pieces, one of which every pattern needs: nearly all lines have none and pay a few scans for it."""

# The text may be JSON already, where a line break is two characters, the second a letter that \b takes for the word's.
_START = r"(?:(?<![A-Za-z0-9_])|(?<=\\[bfnrt])|(?<=\\u[0-9a-f]{4}))"
_SPACE = r"(?:\s|\\[nrt])+"
_QUOTE = r"""(?:\\*["'])?"""
_NAME = (
    r"(?:(?:x-|goog-|x-goog-)?api[-_]?key|(?:proxy-)?authorization|(?:access|auth)[-_]token|client[-_]secret|password)"
)
_SECRET = r"""[^\s"'\\,;&})\]]+"""

_PATTERNS = (
    # Keys by their vendors' prefixes.
    (re.compile(rf"{_START}(sk-)[A-Za-z0-9_\-]{{3,}}"), rf"\1{_MASK}"),
    (re.compile(rf"{_START}(gsk_|xai-|AIza|hf_)[A-Za-z0-9_\-]{{16,}}"), rf"\1{_MASK}"),
    # Authorization: Bearer ..., also quoted as in a printed header table.
    (
        re.compile(rf"{_START}(Bearer{_SPACE}|Basic{_SPACE}(?=[^\s]{{8}})){_SECRET}", re.IGNORECASE),
        rf"\1{_MASK}",
    ),
    # x-api-key: ..., api_key=..., "authorization": "...", ('x-api-key', '...'), ?key=... But a dotted path and a colon
    # is a problem in gateway.yaml: "providers.openai.api_key: must be a string".
    (
        re.compile(
            rf"((?:{_START}{_NAME}(?:{_QUOTE}\s*=|\\*[\"']\s*,)|(?<!\.){_START}{_NAME}{_QUOTE}\s*:|[?&]key=)"
            rf"\s*(?:b(?=['\"]))?{_QUOTE})(?!Bearer\b|Basic\b){_SECRET}",
            re.IGNORECASE,
        ),
        rf"\1{_MASK}",
    ),
    # redis://user:password@host
    (re.compile(r"""(://[^\s/:@"'\\]*:)[^\s/@"'\\]+@"""), rf"\1{_MASK}@"),
)


def redact(text: str) -> str:
    """``text`` with what looks like a credential masked.

    Quotes and backslashes are never touched, so a line of JSON stays one.
    """
    lower = text.lower()
    for telltale in _TELLTALES:
        if telltale in lower:
            break
    else:
        return text
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text
