"""The page as a browser asks for it, without one: a client that keeps cookies and follows nothing."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from injector import Module

from tests.operating import TOKEN, Operated, operating


@asynccontextmanager
async def browsing(path: Path, *replacements: Module) -> AsyncIterator[tuple[Operated, httpx.AsyncClient]]:
    """A gateway of the file at ``path``, and a client that has logged in."""
    async with (
        operating(path, *replacements) as operated,
        httpx.AsyncClient(base_url=operated.stranger.base_url, trust_env=False, timeout=10) as client,
    ):
        answer = await client.post("/admin/login", data={"token": TOKEN})
        assert answer.status_code == 303, answer.text
        yield operated, client


async def csrf(client: httpx.AsyncClient) -> str:
    """What the forms of the session bring along."""
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', (await client.get("/admin/")).text)
    assert found is not None
    return found[1]
