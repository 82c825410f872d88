"""OpenAI-compatible vendors: a row of data each. A new one is a row here, its name in the schema, and a price.

Source of each row: the vendor's own page on its OpenAI compatibility and its API reference.
"""

from collections.abc import Mapping
from typing import Final

from tornado_gateway.domain.wire import OPENAI_CHAT, OPENAI_COMPLETIONS, OPENAI_EMBEDDINGS, OPENAI_RESPONSES
from tornado_gateway.providers.openai.vendor import Vendor

_CHAT = frozenset({OPENAI_CHAT})
_CHAT_AND_TEXT = _CHAT | {OPENAI_COMPLETIONS}
_ALL_STATELESS = _CHAT_AND_TEXT | {OPENAI_EMBEDDINGS}

_OPENAIS_OWN = frozenset(
    {"store", "metadata", "safety_identifier", "prompt_cache_retention", "prompt_cache_options", "verbosity"}
)
"""Hints that only OpenAI itself takes."""

_ROWS = (
    Vendor(
        name="groq",
        title="Groq",
        base_url="https://api.groq.com/openai/v1",
        key_variable="GROQ_API_KEY",
        limit="max_completion_tokens",
        refused=frozenset({"logprobs", "top_logprobs", "logit_bias", "n"}),
        thoughts="reasoning",
        names=False,
    ),
    Vendor(
        name="mistral",
        title="Mistral",
        base_url="https://api.mistral.ai/v1",
        key_variable="MISTRAL_API_KEY",
        protocols=_CHAT | {OPENAI_EMBEDDINGS},
        renamed={"seed": "random_seed"},
        refused=frozenset(
            {"logprobs", "top_logprobs", "logit_bias", "modalities", "audio", "web_search_options", "functions"}
        ),
        # It refuses every member that it does not know.
        hints=_OPENAIS_OWN | {"user", "service_tier", "stream_options", "moderation"},
        efforts={"minimal": "high", "low": "high", "medium": "high", "xhigh": "high", "max": "high"},
        thoughts="content",
        names=False,
        usage_option=False,
    ),
    Vendor(
        name="deepseek",
        title="DeepSeek",
        base_url="https://api.deepseek.com",
        key_variable="DEEPSEEK_API_KEY",
        refused=frozenset({"logit_bias", "n"}),
        hints=frozenset({"seed"}),
        schemas=False,
        efforts={"minimal": "high", "low": "high", "medium": "high", "xhigh": "max"},
        switch=True,
        thoughts="reasoning_content",
    ),
    Vendor(
        name="xai",
        title="xAI",
        base_url="https://api.x.ai/v1",
        key_variable="XAI_API_KEY",
        protocols=_CHAT_AND_TEXT | {OPENAI_RESPONSES},
        limit="max_completion_tokens",
        thoughts="reasoning_content",
        developer=True,
    ),
    Vendor(
        name="together",
        title="Together AI",
        base_url="https://api.together.xyz/v1",
        key_variable="TOGETHER_API_KEY",
        protocols=_ALL_STATELESS,
        top_k=True,
        thoughts="reasoning",
    ),
    Vendor(
        name="fireworks",
        title="Fireworks AI",
        base_url="https://api.fireworks.ai/inference/v1",
        key_variable="FIREWORKS_API_KEY",
        protocols=_ALL_STATELESS,
        top_k=True,
        thoughts="reasoning_content",
    ),
    Vendor(
        name="openrouter",
        title="OpenRouter",
        base_url="https://openrouter.ai/api/v1",
        key_variable="OPENROUTER_API_KEY",
        protocols=_ALL_STATELESS,
        limit=None,
        efforts={"max": "xhigh"},
        top_k=True,
        thoughts="reasoning",
        details=True,
        cache_markers=True,
        developer=True,
    ),
    Vendor(
        name="cerebras",
        title="Cerebras",
        base_url="https://api.cerebras.ai/v1",
        key_variable="CEREBRAS_API_KEY",
        protocols=_CHAT_AND_TEXT,
        limit="max_completion_tokens",
        refused=frozenset({"frequency_penalty", "presence_penalty", "logit_bias", "n"}),
        hints=_OPENAIS_OWN,
        thoughts="reasoning",
    ),
    Vendor(
        name="ollama",
        title="Ollama",
        base_url="http://localhost:11434/v1",
        key_variable="OLLAMA_API_KEY",
        needs_key=False,
        protocols=_ALL_STATELESS,
        refused=frozenset({"logit_bias", "n"}),
        thoughts="reasoning",
    ),
    Vendor(
        name="vllm",
        title="vLLM",
        base_url="http://localhost:8000/v1",
        key_variable="VLLM_API_KEY",
        needs_key=False,
        protocols=_ALL_STATELESS,
        top_k=True,
        thoughts="reasoning_content",
    ),
    Vendor(
        name="lmstudio",
        title="LM Studio",
        base_url="http://localhost:1234/v1",
        key_variable="LM_API_TOKEN",
        needs_key=False,
        protocols=_ALL_STATELESS,
        refused=frozenset({"n"}),
        top_k=True,
        thoughts="reasoning_content",
    ),
    Vendor(
        name="huggingface",
        title="Hugging Face",
        base_url="https://router.huggingface.co/v1",
        key_variable="HF_TOKEN",
        thoughts="reasoning_content",
    ),
    Vendor(
        name="zai",
        title="Z.ai",
        base_url="https://api.z.ai/api/paas/v4",
        key_variable="ZAI_API_KEY",
        renamed={"user": "user_id"},
        refused=frozenset({"logprobs", "top_logprobs", "logit_bias", "n", "frequency_penalty", "presence_penalty"}),
        hints=_OPENAIS_OWN | {"seed", "service_tier"},
        schemas=False,
        switch=True,
        thoughts="reasoning_content",
        names=False,
    ),
    Vendor(
        name="perplexity",
        title="Perplexity",
        base_url="https://api.perplexity.ai",
        key_variable="PERPLEXITY_API_KEY",
        refused=frozenset({"logprobs", "top_logprobs", "logit_bias", "n", "tools", "tool_choice"}),
        hints=_OPENAIS_OWN | {"seed", "user", "parallel_tool_calls", "service_tier"},
        thoughts=None,
        names=False,
        usage_option=False,
    ),
)

VENDORS: Final[Mapping[str, Vendor]] = {row.name: row for row in _ROWS}

UNKNOWN: Final = Vendor(
    name="unknown",
    title="The route's provider",
    needs_key=False,
    protocols=_ALL_STATELESS,
    limit=None,
    developer=True,
)
"""Whoever stands behind a ``base_url`` that came without a vendor: taken to speak OpenAI's protocol as it is."""
