"""Where each of OpenAI's protocols is spoken. Azure has two ways of telling it.

Wire: OpenAI API reference; Microsoft Learn, "Azure OpenAI API version lifecycle" and "Azure OpenAI REST API reference".
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final, Protocol
from urllib.parse import quote

import httpx

from tornado_gateway.domain.wire import OPENAI_CHAT, OPENAI_COMPLETIONS, OPENAI_EMBEDDINGS, OPENAI_RESPONSES

_PATHS: Final[Mapping[str, str]] = {
    OPENAI_CHAT: "chat/completions",
    OPENAI_COMPLETIONS: "completions",
    OPENAI_RESPONSES: "responses",
    OPENAI_EMBEDDINGS: "embeddings",
}

_DATED = re.compile(r"\d{4}-\d{2}-\d{2}")
_FIRST_RESPONSES = "2025-03-01"
_FIRST_STREAM_OPTIONS = "2024-09-01"


class Endpoints(Protocol):
    """``base`` is the address without a protocol's path; ``url`` is None for a protocol that is not spoken there."""

    @property
    def base(self) -> str: ...

    def url(self, protocol: str, model: str) -> httpx.URL | None: ...


class PlainEndpoints:
    """All under one base, the model in the body. ``base_url`` is what the official SDK takes, with ``/v1``."""

    def __init__(self, base_url: str, protocols: Iterable[str]) -> None:
        self.base = base_url.rstrip("/")
        self._urls = {protocol: httpx.URL(f"{self.base}/{_PATHS[protocol]}") for protocol in protocols}

    def url(self, protocol: str, model: str) -> httpx.URL | None:
        return self._urls.get(protocol)


class AzureEndpoints:
    """Azure OpenAI. A dated ``api_version`` means deployments in the path, ``v1`` (or none) the v1 API.

    ``base_url`` is the resource's endpoint; what its SDKs append to it may stand there.
    """

    def __init__(self, base_url: str, api_version: str | None) -> None:
        self.base = base_url.rstrip("/").removesuffix("/v1").removesuffix("/openai")
        self.dated = api_version if api_version and _DATED.match(api_version) else None
        query = "" if api_version in (None, "", "v1") else f"?api-version={quote(str(api_version), safe='')}"
        self._query = query
        self._v1 = {protocol: httpx.URL(f"{self.base}/openai/v1/{path}{query}") for protocol, path in _PATHS.items()}

    @property
    def takes_stream_options(self) -> bool:
        """False for versions of the API that refuse to be asked for a stream's usage."""
        return self.dated is None or self.dated >= _FIRST_STREAM_OPTIONS

    def url(self, protocol: str, model: str) -> httpx.URL | None:
        if self.dated is None:
            return self._v1.get(protocol)
        if protocol == OPENAI_RESPONSES:
            is_there = self.dated >= _FIRST_RESPONSES
            return httpx.URL(f"{self.base}/openai/responses{self._query}") if is_there else None
        path = _PATHS.get(protocol)
        if path is None:
            return None
        return httpx.URL(f"{self.base}/openai/deployments/{quote(model, safe='')}/{path}{self._query}")
