"""Crosschecks of where calls go: not to what hands out the machine's own credentials."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from tornado_gateway.config.problems import Problem
from tornado_gateway.config.source import Path, Source
from tornado_gateway.domain.addresses import is_metadata


def check_destination(source: Source, path: Path, url: Any) -> Iterator[Problem]:
    """The address may hold a password, so that no message shows it."""
    if not isinstance(url, str):
        return
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return  # which has its own problem
    if host and is_metadata(host):
        yield source.problem(
            path,
            "is a link-local address or a cloud's metadata service, which no provider is at: "
            "allow_internal: true lets it be",
        )
