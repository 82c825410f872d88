"""Which provider of the public price list stands behind one of the file: told by address, vendor and kind. Pure."""

import re
from collections.abc import Mapping
from typing import Final

_KINDS: Final = {"openai": "openai", "anthropic": "anthropic", "gemini": "google", "azure_openai": "azure"}

_VENDORS: Final = {
    "groq": "groq",
    "mistral": "mistral",
    "deepseek": "deepseek",
    "xai": "x-ai",
    "together": "together",
    "fireworks": "fireworks",
    "openrouter": "openrouter",
    "cerebras": "cerebras",
    "zai": "zai",
    "perplexity": "perplexity",
}
"""Of the vendors that gateway.yaml knows; the others run on one's own machines, or hand on to somebody else."""


def list_name(kind: str, vendor: str | None, base_url: str | None, addresses: Mapping[str, str]) -> str | None:
    """The list's name for it, None where it has none. ``addresses`` are the list's own patterns by name.

    An address that nobody in the list has is taken for a way to whom vendor or kind name.
    """
    if base_url is not None:
        # Patterns end where an address does, or with the slash that the file need not write.
        at = next((name for name, pattern in addresses.items() if re.match(pattern, f"{base_url.rstrip('/')}/")), None)
        if at is not None:
            return at
    if vendor is not None:
        return _VENDORS.get(vendor)
    return _KINDS.get(kind)
