"""A whole gateway over a file of its own, for whoever asks it as an operator: real sockets, a real ledger."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from injector import Module
from tornado.netutil import bind_sockets

from tornado_gateway.bootstrap import Runtime, make_runtime
from tornado_gateway.config.build import load

TOKEN = "planted-0123456789abcdef0123456789abcdef"

FILE = f"""\
version: 1
admin: {{token: "{TOKEN}", write: WRITE}}
LEDGER
auth:
  required: false
  store: STORE
  keys:
    - {{id: a, sha256: "{"0f" * 32}", tags: {{team: a}}}}
providers:
  echo: {{kind: echo}}
  openai: {{kind: openai, base_url: "http://127.0.0.1:9/v1", api_key: sk-planted-openai}}  # not sk-planted-openai
routes:
  echo4: {{provider: echo, fallbacks: [gpt-4]}}
  gpt-4: {{provider: openai}}
  "gpt-*": {{provider: openai}}
pricing:
  unit: per_1k_tokens
  currency: USD
  models:
    echo/echo4: {{input: 0.03, output: 0.06}}
    openai/gpt-*: {{input: 0.01, output: 0.02, review_by: 2020-01-01, source: "a page"}}
"""


@dataclass
class Operated:
    """``client`` shows the admin token, ``stranger`` nothing."""

    path: Path
    runtime: Runtime
    client: httpx.AsyncClient
    stranger: httpx.AsyncClient

    async def get(self, path: str, **parameters: Any) -> Any:
        """The document of an answer that is 200."""
        answer = await self.client.get(path, params=parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def call(self, text: str = "Hello", model: str = "echo4", **headers: str) -> httpx.Response:
        document = {"model": model, "messages": [{"role": "user", "content": text}]}
        return await self.stranger.post("/v1/chat/completions", json=document, headers=headers)


def written(folder: Path, *, write: bool = True, ledger: bool = True, store: bool = False, text: str = FILE) -> Path:
    """``FILE`` in ``folder``, which its ledger is in too."""
    path = folder / "gateway.yaml"
    ledger_line = f'ledger: {{url: "sqlite:///{folder}/usage.db", flush_interval: 0.05}}' if ledger else ""
    text = text.replace("LEDGER", ledger_line).replace("STORE", str(store).lower())
    path.write_text(text.replace("WRITE", str(write).lower()))
    return path


@asynccontextmanager
async def operating(path: Path, *replacements: Module) -> AsyncIterator[Operated]:
    runtime = make_runtime(load(path, {}), *replacements)
    sockets = bind_sockets(0, "127.0.0.1")
    base = f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
    await runtime.start(sockets)
    shown = {"Authorization": f"Bearer {TOKEN}"}
    async with (
        httpx.AsyncClient(base_url=f"{base}/admin/api/", headers=shown, trust_env=False, timeout=10) as client,
        httpx.AsyncClient(base_url=base, trust_env=False, timeout=10) as stranger,
    ):
        try:
            yield Operated(path, runtime, client, stranger)
        finally:
            await asyncio.shield(runtime.close())
