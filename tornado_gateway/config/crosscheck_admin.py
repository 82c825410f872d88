"""Crosscheck of ``admin``: a token that can be sent, is no gateway key and takes long to guess."""

import re
from collections.abc import Iterator
from typing import Any

from tornado_gateway.config.outline import Outline
from tornado_gateway.config.problems import Problem
from tornado_gateway.config.source import Path, Source
from tornado_gateway.domain.keys import hash_of

_SENDABLE = re.compile(r"[\x21-\x7e]*\Z")
_SHORT = 16
_PATH: Path = ("admin", "token")


def check_admin(source: Source, document: Outline) -> Iterator[Problem]:
    """No message shows the token."""
    section = _mapping(source.value, "admin")
    token = section.get("token", "")
    if not isinstance(token, str):
        return
    token = token.strip()
    if not token:
        if section.get("write") is True:
            yield source.warning(("admin", "write"), "nobody may write: without admin.token there is no admin API")
        return
    if not _SENDABLE.match(token):
        yield source.problem(_PATH, "can't be sent in a header: visible ASCII alone, without blanks")
    elif _is_gateway_key(source, token):
        yield source.problem(_PATH, "is a gateway key too: whoever may call models must not get in here")
    elif len(token) < _SHORT:
        message = f"is short enough to be guessed: 32 random characters are not, fewer than {_SHORT} may be"
        yield source.warning(_PATH, message)


def _is_gateway_key(source: Source, token: str) -> bool:
    keys = _mapping(source.value, "auth").get("keys")
    listed = keys if isinstance(keys, list) else []
    digest = hash_of(token)
    return any(isinstance(key, dict) and str(key.get("sha256")).lower() == digest for key in listed)


def _mapping(parent: Any, name: str) -> dict[str, Any]:
    value = parent.get(name) if isinstance(parent, dict) else None
    return value if isinstance(value, dict) else {}
