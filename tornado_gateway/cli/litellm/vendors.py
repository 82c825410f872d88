"""Who a LiteLLM model's prefix means, and which kind of provider that is here: one row each.

Source: docs.litellm.ai, "Providers"; each provider's page names its prefix and its variables.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Vendor:
    """``key`` is the variable that LiteLLM looks for the key in, None where none is needed. ``suffix`` is what this
    gateway's address has behind LiteLLM's, ``address`` the variable for one that must be said."""

    label: str
    kind: str
    key: str | None
    vendor: str | None = None
    suffix: str = ""
    address: str | None = None


_OPENAI: Final = Vendor("openai", "openai", "OPENAI_API_KEY")
_ANYBODY: Final = Vendor("openai-compatible", "openai_compatible", None, address="OPENAI_LIKE_API_BASE")
_OLLAMA: Final = Vendor("ollama", "openai_compatible", None, "ollama", suffix="/v1")


def _compatible(name: str, key: str | None) -> Vendor:
    return Vendor(name, "openai_compatible", key, name)


VENDORS: Final[Mapping[str, Vendor]] = {
    "openai": _OPENAI,
    "text-completion-openai": _OPENAI,
    "azure": Vendor("azure", "azure_openai", "AZURE_API_KEY", address="AZURE_API_BASE"),
    "anthropic": Vendor("anthropic", "anthropic", "ANTHROPIC_API_KEY"),
    "gemini": Vendor("gemini", "gemini", "GEMINI_API_KEY"),
    "groq": _compatible("groq", "GROQ_API_KEY"),
    "mistral": _compatible("mistral", "MISTRAL_API_KEY"),
    "deepseek": _compatible("deepseek", "DEEPSEEK_API_KEY"),
    "xai": _compatible("xai", "XAI_API_KEY"),
    "together_ai": _compatible("together", "TOGETHERAI_API_KEY"),
    "fireworks_ai": _compatible("fireworks", "FIREWORKS_AI_API_KEY"),
    "openrouter": _compatible("openrouter", "OPENROUTER_API_KEY"),
    "cerebras": _compatible("cerebras", "CEREBRAS_API_KEY"),
    "huggingface": _compatible("huggingface", "HUGGINGFACE_API_KEY"),
    "perplexity": _compatible("perplexity", "PERPLEXITYAI_API_KEY"),
    "zai": _compatible("zai", "ZAI_API_KEY"),
    "ollama": _OLLAMA,
    "ollama_chat": _OLLAMA,
    "hosted_vllm": _compatible("vllm", None),
    "lm_studio": _compatible("lmstudio", None),
    "custom_openai": _ANYBODY,
    "openai_like": _ANYBODY,
    "litellm_proxy": _ANYBODY,
}

_BARE: Final = ((re.compile(r"gpt-|chatgpt-|o\d|text-embedding-"), "openai"), (re.compile(r"claude-"), "anthropic"))
"""Models that LiteLLM knows without a prefix."""


def vendor_of(model: str, provider: str | None) -> tuple[Vendor | None, str, str]:
    """Who is meant, the model's name there, and the provider's name in LiteLLM's words, for whoever is not known.

    ``provider`` is what ``custom_llm_provider`` says.
    """
    first, slash, rest = model.partition("/")
    if provider is not None:
        return VENDORS.get(provider), rest if slash and first == provider else model, provider
    if slash:
        return VENDORS.get(first), rest, first
    bare = next((name for pattern, name in _BARE if pattern.match(model)), None)
    return (None if bare is None else VENDORS[bare]), model, bare or model
