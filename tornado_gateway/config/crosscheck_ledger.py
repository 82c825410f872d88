"""Crosscheck of ``ledger``: a URL that names a place where rows can be kept."""

from collections.abc import Iterator

from tornado_gateway.config.outline import Outline
from tornado_gateway.config.problems import Problem
from tornado_gateway.config.source import Source
from tornado_gateway.domain.ledger_url import parse_ledger_url


def check_ledger(source: Source, document: Outline) -> Iterator[Problem]:
    """The URL may hold a password, so that no message shows it."""
    url = document.ledger.get("url")
    if not isinstance(url, str) or not url.strip():
        return
    try:
        parse_ledger_url(url.strip())
    except ValueError as error:
        yield source.problem(("ledger", "url"), str(error))
