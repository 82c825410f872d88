"""``POST /v1/completions`` is two forms: native with ``messages``, OpenAI's legacy one with ``prompt``."""

from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.httpserver.dialects.base import Dialect
from tornado_gateway.httpserver.dialects.decoding import decode_fields


class CompletionsForm:
    """Tells them apart by the body."""

    def __init__(self, *, native: Dialect, legacy: Dialect) -> None:
        self._native = native
        self._legacy = legacy

    def pick(self, body: bytes) -> Dialect:
        """Raises ``InvalidRequest`` where both or neither of the two fields are there."""
        fields = decode_fields(body)
        if "messages" in fields and "prompt" in fields:
            raise InvalidRequest("messages, prompt: only one of the two may be given.", param="prompt")
        if "messages" in fields:
            return self._native
        if "prompt" in fields:
            return self._legacy
        raise InvalidRequest("messages: this field is required (or prompt, in the legacy form).", param="messages")
