"""How many tokens something is, by rule of thumb: for what a provider did not report."""

from tornado_gateway.domain.wire import Wire

BYTES_PER_TOKEN = 4
"""English text in the tokenizers of the main providers; other languages take more tokens for a byte, JSON fewer."""


def estimate_tokens(size: int) -> int:
    """Tokens in ``size`` bytes of text; at least one for anything that is not empty."""
    return -(-size // BYTES_PER_TOKEN)


def estimate_prompt(wire: Wire) -> int:
    """Tokens of a request's document, unopened."""
    return estimate_tokens(sum(memoryview(raw).nbytes for name, raw in wire.fields.items() if name != "model"))
