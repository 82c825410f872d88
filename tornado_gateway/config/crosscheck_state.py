"""Crosschecks of the store that limits are counted in, of webhooks and of proxies: whether the addresses are some."""

from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any
from urllib.parse import SplitResult, urlsplit

from tornado_gateway.config.model_state import MEMORY
from tornado_gateway.config.outline import Outline
from tornado_gateway.config.problems import Problem
from tornado_gateway.config.source import Source


def check_state(source: Source, document: Outline) -> Iterator[Problem]:
    state = source.value.get("state") if isinstance(source.value, dict) else None
    if not isinstance(state, dict):
        return
    url = state.get("url", MEMORY)
    if "url" not in state:
        for name in state:
            yield source.warning(("state", name), "means nothing without the url of a Redis", key=True)
    elif isinstance(url, str) and url.strip().startswith(("redis://", "rediss://")):
        complaint = address_complaint(url.strip(), _redis)
        if complaint is not None:
            yield source.problem(("state", "url"), f"is no address: {complaint}")


def check_webhooks(source: Source, document: Outline) -> Iterator[Problem]:
    hooks = source.value.get("webhooks") if isinstance(source.value, dict) else None
    for index, hook in enumerate(hooks if isinstance(hooks, list) else ()):
        if not isinstance(hook, dict):
            continue
        url, secret = hook.get("url"), hook.get("secret")
        if isinstance(url, str) and url.startswith(("http://", "https://")):
            complaint = address_complaint(url, nothing_more)
            if complaint is not None:
                yield source.problem(("webhooks", index, "url"), f"is no address: {complaint}")
        if isinstance(secret, str) and not secret.strip():
            yield source.warning(("webhooks", index, "secret"), "came out empty: what is sent is not signed")


def check_proxies(source: Source, document: Outline) -> Iterator[Problem]:
    proxies = document.server.get("trusted_proxies")
    for index, proxy in enumerate(proxies if isinstance(proxies, list) else ()):
        if isinstance(proxy, str) and not _network(proxy):
            message = f"{proxy!r} is neither an address nor a network: write 10.0.0.1 or 10.0.0.0/8"
            yield source.problem(("server", "trusted_proxies", index), message)


def address_complaint(url: str, more: Any) -> str | None:
    """What is wrong with an address; nothing of it is repeated, for it may hold a password."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "a port is 1 to 65535"
    if not parts.hostname:
        return "it names no host"
    if port == 0:
        return "a port is 1 to 65535"
    told: str | None = more(parts)
    return told


def _redis(parts: SplitResult) -> str | None:
    database = parts.path.strip("/")
    return None if not database or database.isdecimal() else "what follows the host is the number of a database"


def nothing_more(_parts: SplitResult) -> None:
    return None


def _network(text: str) -> bool:
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True
