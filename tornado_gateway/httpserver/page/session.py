"""Sessions: who has shown the admin token is believed for a while, by a cookie that nobody else can make."""

import hmac
import secrets
from dataclasses import dataclass

from tornado_gateway.domain.errors import RequestError
from tornado_gateway.domain.ports import Clock
from tornado_gateway.domain.snapshot import SnapshotHolder

COOKIE = "tornado_gateway_admin"

IDLE = 3600
"""Seconds after the last page for which a session is good."""

LONGEST = 12 * 3600
"""Seconds after which the token is asked for again, whatever was done meanwhile."""

_LONGEST_VALUE = 256


class SessionWanted(RequestError):
    """Nobody has logged in, or too long ago."""

    status = 401
    default_code = "session_wanted"


class ForgedRequest(RequestError):
    """Another site had the browser ask, or the page that asks is of an earlier session."""

    status = 403
    default_code = "forged_request"
    default_type = "permission_error"


@dataclass(frozen=True, slots=True)
class Session:
    """``csrf`` is what a form of this session must bring along. Times are seconds since 1970."""

    began: int
    expires: int
    nonce: str
    csrf: str

    def guards(self, shown: str) -> bool:
        return hmac.compare_digest(self.csrf.encode(), shown.encode("utf-8", "replace"))


class Sessions:
    """Nothing is kept: every worker can tell, and a changed token ends them all."""

    def __init__(self, snapshots: SnapshotHolder, clock: Clock) -> None:
        self._snapshots = snapshots
        self._clock = clock

    def begin(self) -> str:
        """A cookie's value. There must be a token."""
        now = self._now()
        return self._value(now, now + IDLE, secrets.token_hex(16))

    def find(self, value: str | None) -> Session | None:
        """None where it is none of ours, or no longer good."""
        if not value or len(value) > _LONGEST_VALUE:
            return None
        body, _, shown = value.rpartition(".")
        made = self._sign("session", body)
        if made is None or not hmac.compare_digest(made.encode(), shown.encode("utf-8", "replace")):
            return None
        began, expires, nonce = body.split(".")
        session = Session(int(began), int(expires), nonce, self._sign("csrf", nonce) or "")
        return session if self.good(session) else None

    def good(self, session: Session) -> bool:
        """Whether it is still that of the token in force, and not too old."""
        now = self._now()
        young = session.began - 60 <= now < min(session.expires, session.began + LONGEST)
        return young and hmac.compare_digest(self._sign("csrf", session.nonce) or "", session.csrf)

    def renewed(self, session: Session) -> str | None:
        """The value for the next while; None where the one there is will do."""
        now = self._now()
        if session.expires - now > IDLE // 2:
            return None
        return self._value(session.began, now + IDLE, session.nonce)

    def _value(self, began: int, expires: int, nonce: str) -> str:
        body = f"{began}.{expires}.{nonce}"
        return f"{body}.{self._sign('session', body)}"

    def _sign(self, purpose: str, text: str) -> str | None:
        key = self._snapshots.current.admin.key_for(f"admin page, {purpose}")
        return None if key is None else hmac.digest(key, text.encode("utf-8", "replace"), "sha256").hex()

    def _now(self) -> int:
        return int(self._clock.now().timestamp())
